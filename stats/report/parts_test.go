package report

import (
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestPartsInOtherFormats(t *testing.T) {
	for format, want := range map[string][]string{
		"prom": {`wsperf_run_parts{state="begun"} 2`, `wsperf_run_parts{state="too_late"} 1`, `wsperf_run_parts{state="missing"} 6`},
		"csv":  {",parts,,,,2,\n", ",parts.missing,,,,6,\n", ",parts.too_late,,,,1,\n", ",parts.starts,,,,0.23988,s\n"},
	} {
		got := as(t, format, incompleteRun())
		for _, line := range want {
			if !strings.Contains(got, line) {
				t.Errorf("%s: no %q in\n%s", format, line, got)
			}
		}
		if got := as(t, format, example.Part(0, 3, 0)); strings.Contains(got, "parts") {
			t.Errorf("%s: parts in the result of one\n%s", format, got)
		}
	}
}

// TestStartsFarApart: the bounds are 1 % of the loaded window, 10 s here, and 250 ms.
func TestStartsFarApart(t *testing.T) {
	for _, c := range []struct {
		name         string
		lateUs       int64
		clockUs      int64
		windowFactor int64
		machines     []stats.MachineResult
		says, not    string
	}{
		{"together", 1000, 1000, 1, nil, "within 1.0 ms by their clocks, and within 3.0 ms with the errors of these.", "apart are"},
		{"apart", 110_000, 0, 1, nil, "Starts 110.0 ms apart are 1.1 % of the loaded window", ""},
		{"perhaps apart", 1000, 60_000, 1, nil, "Starts 121.0 ms apart are 1.2 % of the loaded window", ""},
		{"apart in a long run", 260_000, 0, 100, nil, "Starts 260.0 ms apart are 0.0 % of the loaded window", ""},
		{"together in a long run", 240_000, 0, 100, nil, "within 240.0 ms", "apart are"},
		{"on one machine", 1000, 60_000, 1, []stats.MachineResult{{ID: "a"}}, "within 1.0 ms, by the clock of one machine.", "apart are"},
		{"on two machines", 1000, 60_000, 1, []stats.MachineResult{{ID: "a"}, {ID: "b"}}, "apart are", "one machine"},
	} {
		a, b := example.Part(0, 2, 0), example.Part(1, 2, c.lateUs)
		for _, r := range []*stats.Result{a, b} {
			r.Parts[0].Clock.MaxErrorUs = c.clockUs
			r.Loaded.LastNs = r.Loaded.FirstNs + c.windowFactor*int64(r.Loaded.Duration())
			r.Ended = r.Started.Add(time.Duration(c.windowFactor) * 11 * time.Second)
		}
		r, err := stats.MergeResults(a, b)
		if err != nil {
			t.Fatal(err)
		}
		r.Machines = c.machines
		if got := text(t, r); !strings.Contains(got, c.says) || c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%s: no %q, or %q, in\n%s", c.name, c.says, c.not, got)
		}
	}
}

// TestPartsOfSeveralRuns are no parts of a whole.
func TestPartsOfSeveralRuns(t *testing.T) {
	other := example.Part(0, 2, 0)
	other.Parts[0].RunID = "another"
	for name, rs := range map[string][]*stats.Result{
		"runs":     {example.Part(0, 2, 0), other},
		"numbers":  {example.Part(0, 2, 0), example.Part(1, 3, 0)},
		"repeated": {example.Part(0, 2, 0), example.Part(0, 2, 0)},
	} {
		r, err := stats.MergeResults(rs...)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, r); strings.Contains(got, "Parts") || strings.Contains(got, "incomplete") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

func TestManyLoopsAreSummarised(t *testing.T) {
	r := example.Plain()
	r.Loops = make([]stats.LoopResult, maxLoopsListed+1)
	r.Loops[3] = stats.LoopResult{Started: 100, CPUUs: 1_500_000}
	if got := text(t, r); !strings.Contains(got, "Each of 513 loops started 0 to 100 connections, in 0.00 to 1.50 s of CPU time.") {
		t.Error(got)
	}
}
