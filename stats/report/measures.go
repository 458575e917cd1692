package report

import (
	"wsperf/stats"
	"wsperf/stats/require"
)

// measuresOf returns the figures of the whole run that a program may compare: those that
// requirements can name, without the phases, and some that nobody would require.
func measuresOf(r *stats.Result) []require.Value {
	all := append(require.Values(r), require.Value{Name: "duration", Value: max(0, r.Duration()).Seconds(), Unit: "s"})
	if r.Load.Mode == stats.ModeOpen {
		all = append(all,
			require.Value{Name: "offered", Value: r.Load.Offered, Unit: stats.UnitPerSecond},
			require.Value{Name: "due", Value: float64(r.Load.Due)},
			require.Value{Name: "owed", Value: float64(r.Load.Owed)})
	}
	if r.UsesTLS() {
		all = append(all,
			require.Value{Name: "tls.handshakes", Value: float64(r.TLS.Handshakes())},
			require.Value{Name: "tls.tried", Value: float64(r.TLS.Tried)},
			require.Value{Name: "tls.resumed", Value: float64(r.TLS.Resumed)},
			require.Value{Name: "tls.hello_retry_requests", Value: float64(r.TLS.HelloRetryRequests)})
	}
	all = append(all, partMeasures(r)...)
	if clientKnown(r) {
		all = append(all,
			require.Value{Name: "switches", Value: float64(r.Client.VoluntarySwitches + r.Client.InvoluntarySwitches)},
			require.Value{Name: "memory.peak", Value: float64(r.Client.PeakMemoryBytes), Unit: "B"})
	}
	return all
}

// partMeasures is empty for a result that is not merged of the parts of one run.
func partMeasures(r *stats.Result) []require.Value {
	s, ok := r.Spread()
	if !ok || ownPart(r) {
		return nil
	}
	return []require.Value{
		{Name: "parts", Value: float64(len(r.Parts) - len(s.TooLate))},
		{Name: "parts.missing", Value: float64(len(s.Missing))},
		{Name: "parts.too_late", Value: float64(len(s.TooLate))},
		{Name: "parts.starts", Value: s.Starts.Seconds(), Unit: "s"},
	}
}

// clientKnown reports whether the result tells what the run cost the client. The ancestor's
// files do not.
func clientKnown(r *stats.Result) bool { return r.Total > r.Unmeasured.Total() }
