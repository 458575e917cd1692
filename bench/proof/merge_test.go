package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/file"
)

// TestMergedPartsAreTheWhole: of three processes that run at the same time against the same
// testee, the merged result has the counts of the testee, and in each histogram exactly the
// values that one recorder would have had which had measured all connections.
func TestMergedPartsAreTheWhole(t *testing.T) {
	p := newPlace(t)
	testee := p.startTestee(t, "--refuse", "5", "--answer", "uniform:0ms..20ms", "--close", "1%:200ms", "--fin", "uniform:0ms..3ms")
	before := p.kernel(t)
	var clients []client
	for _, load := range []string{"--conns 400 --rate 500", "--conns 500 --low 20 --high 50", "--conns 301 --rate 400 --arrivals poisson --loops 2"} {
		clients = append(clients, p.startClient(t, testee.address, strings.Fields(load)...))
	}
	var parts []outcome
	var results []*stats.Result
	for _, c := range clients {
		o := c.end(t)
		parts, results = append(parts, o), append(results, o.Result)
	}
	after, own := p.kernel(t), testee.end(t).counts
	merged, err := stats.MergeResults(results...)
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string]*stats.Result{"MergeResults": merged, "wsperf report": reported(t, parts)} {
		t.Run(name, func(t *testing.T) {
			checkAgainstTestee(t, whole, own)
			checkRefused(t, whole, 5)
			if p.Namespace() != nil {
				checkAgainstKernel(t, whole, before, after)
			}
			checkSums(t, whole, results)
			checkLogged(t, whole, logged(t, parts))
		})
	}
}

// reported returns what wsperf report makes of the files of the parts.
func reported(t *testing.T, parts []outcome) *stats.Result {
	t.Helper()
	args := []string{"report", "--json"}
	for _, part := range parts {
		args = append(args, part.path)
	}
	text, err := exec.Command(wsperf(t), args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// logged feeds the records of all parts to one recorder. A connection that was refused has
// completed phase connect and no other.
func logged(t *testing.T, parts []outcome) *stats.Result {
	t.Helper()
	rec := stats.NewRecorder(nil)
	for _, part := range parts {
		for _, c := range part.connections {
			rec.Start()
			s := stats.Sample{Reached: stats.Phases(0).With(stats.PhaseConnect)}
			s.Ns[stats.PhaseConnect] = (c.PreInitUs + c.PostInitUs) * 1000
			if c.Failed {
				rec.Fail(&s, stats.CauseOpenStatus)
				continue
			}
			s.Reached = s.Reached.With(stats.PhaseOpen).With(stats.PhaseClose)
			s.Ns[stats.PhaseOpen], s.Ns[stats.PhaseClose] = c.OpenUs*1000, c.CloseUs*1000
			rec.Success(&s)
			rec.Fin(stats.FinReceived)
		}
	}
	r, err := stats.Merge(rec)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkLogged compares counts and the histograms of the phases that are in the log.
func checkLogged(t *testing.T, whole, logged *stats.Result) {
	t.Helper()
	if whole.Total != logged.Total || whole.Success != logged.Success || whole.Fail != logged.Fail {
		t.Errorf("%d connections, %d successes, %d fails; logged: %d, %d, %d", whole.Total, whole.Success, whole.Fail, logged.Total, logged.Success, logged.Fail)
	}
	for _, phase := range []stats.Phase{stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose} {
		if !whole.Phases[phase].Success.Equals(logged.Phases[phase].Success) {
			t.Errorf("%v of the successes differs from the log", phase)
		}
		if !whole.Phases[phase].Failure.Equals(logged.Phases[phase].Failure) {
			t.Errorf("%v of the fails differs from the log", phase)
		}
	}
}

// checkSums compares each bucket of each histogram with the sum over the parts.
func checkSums(t *testing.T, whole *stats.Result, parts []*stats.Result) {
	t.Helper()
	for phase := range whole.Phases {
		var success, failure []*hdrhistogram.Histogram
		for _, part := range parts {
			success = append(success, part.Phases[phase].Success)
			failure = append(failure, part.Phases[phase].Failure)
		}
		if !isSum(whole.Phases[phase].Success, success) || !isSum(whole.Phases[phase].Failure, failure) {
			t.Errorf("%v is not the sum of the parts", stats.Phase(phase))
		}
	}
}

func isSum(whole *hdrhistogram.Histogram, parts []*hdrhistogram.Histogram) bool {
	counts := whole.Export().Counts
	for _, part := range parts {
		for i, n := range part.Export().Counts {
			counts[i] -= n
		}
	}
	for _, n := range counts {
		if n != 0 {
			return false
		}
	}
	return true
}
