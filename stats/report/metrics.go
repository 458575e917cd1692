package report

import (
	"strconv"

	"wsperf/stats"
)

// labelCount is a count and the value of the label that tells what is counted.
type labelCount struct {
	value string
	count uint64
}

func countsBy(name string, all []labelCount) (samples []metricSample) {
	for _, c := range all {
		samples = append(samples, metricSample{labels: []label{{name, c.value}}, value: strconv.FormatUint(c.count, 10)})
	}
	return samples
}

// infoSamples has the strings of the setup as labels. Those that are not the same in all of a
// merged result are empty, which Prometheus takes for no label.
func infoSamples(r *stats.Result) []metricSample {
	return []metricSample{{labels: []label{
		{"url", r.Setup.URL}, {"address", r.Setup.Address}, {"mode", string(r.Load.Mode)},
		{"version", r.Setup.Version}, {"kernel", r.Setup.Kernel},
	}, value: "1"}}
}

// causeCounts has the causes that did not occur too: a series that appears with its first
// failure has no increase. Those of TLS are of runs that used it. It is empty if the cause of a failure was not recorded.
func causeCounts(r *stats.Result) (all []labelCount) {
	if r.Unmeasured.Fail > 0 {
		return nil
	}
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		if !c.OfTLS() || r.UsesTLS() {
			all = append(all, labelCount{c.String(), r.Causes[c]})
		}
	}
	return all
}

// tlsHandshakes is empty for a run without TLS.
func tlsHandshakes(r *stats.Result) []labelCount {
	if !r.UsesTLS() {
		return nil
	}
	full := r.TLS.Handshakes() - min(r.TLS.Handshakes(), r.TLS.Resumed)
	return []labelCount{{"false", full}, {"true", r.TLS.Resumed}}
}

func tlsCount(r *stats.Result, n uint64) []metricSample {
	if !r.UsesTLS() {
		return nil
	}
	return []metricSample{{value: strconv.FormatUint(n, 10)}}
}

func alertCounts(r *stats.Result) (all []labelCount) {
	for _, name := range byFrequency(r.TLS.Alerts) {
		all = append(all, labelCount{name, r.TLS.Alerts[name]})
	}
	return all
}

// endCounts is empty if it is not known of all successes.
func endCounts(r *stats.Result) []labelCount {
	if r.Unmeasured.Success > 0 {
		return nil
	}
	return []labelCount{{"fin", r.Fin.Received}, {"reset", r.Fin.Reset}, {"timeout", r.Fin.Timeout}}
}

func rateSamples(r *stats.Result) (all []metricSample) {
	add := func(window string, perSecond float64) {
		all = append(all, metricSample{labels: []label{{"window", window}}, value: number(perSecond)})
	}
	if r.Duration() > 0 {
		add("whole", r.HandshakesPerSecond())
	}
	if perSecond, ok := r.LoadedHandshakesPerSecond(); ok {
		add("loaded", perSecond)
	}
	return all
}

func openLoopCount(r *stats.Result, n uint64) []metricSample {
	if r.Load.Mode != stats.ModeOpen {
		return nil
	}
	return []metricSample{{value: strconv.FormatUint(n, 10)}}
}

// phaseSamples has the minimum as quantile 0 and the maximum as quantile 1, as the metrics of
// Go's own runtime do.
func phaseSamples(r *stats.Result) (all []metricSample) {
	for _, s := range seriesOf(&r.Phases) {
		labels := []label{{"phase", s.phase.String()}, {"outcome", s.outcome}}
		quantile := func(q string, us int64) {
			all = append(all, metricSample{"", append(labels[:2:2], label{"quantile", q}), seconds(float64(us))})
		}
		quantile("0", s.times.Min())
		for _, q := range quantilesOf(s.times) {
			quantile(q.quantile, q.us)
		}
		quantile("1", s.times.Max())
		n := s.times.TotalCount()
		all = append(all,
			metricSample{"_sum", labels, seconds(s.times.Mean() * float64(n))},
			metricSample{"_count", labels, strconv.FormatInt(n, 10)})
	}
	return all
}

func cpuSamples(r *stats.Result) []metricSample {
	if !clientKnown(r) {
		return nil
	}
	return []metricSample{
		{labels: []label{{"mode", "user"}}, value: seconds(float64(r.Client.UserUs))},
		{labels: []label{{"mode", "system"}}, value: seconds(float64(r.Client.SystemUs))},
	}
}

func clientSample(r *stats.Result, n int64) []metricSample {
	if !clientKnown(r) {
		return nil
	}
	return []metricSample{{value: strconv.FormatInt(n, 10)}}
}

func bottleneckSample(r *stats.Result) []metricSample {
	if !r.Verdict.Known() {
		return nil
	}
	return []metricSample{{labels: []label{{"kind", string(r.Verdict.Kind)}}, value: "1"}}
}

// partSamples is empty for a result that is not merged of the parts of one run.
func partSamples(r *stats.Result) []metricSample {
	s, ok := r.Spread()
	if !ok || ownPart(r) {
		return nil
	}
	return countsBy("state", []labelCount{
		{"begun", uint64(len(r.Parts) - len(s.TooLate))}, {"too_late", uint64(len(s.TooLate))}, {"missing", uint64(len(s.Missing))},
	})
}

func interruptedSample(r *stats.Result) []metricSample {
	if r.Interrupted {
		return one(1)
	}
	return one(0)
}
