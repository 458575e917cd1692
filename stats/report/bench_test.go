package report

import (
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// readBenchmark returns the only benchmark of a text.
func readBenchmark(t *testing.T, text string) *benchfmt.Result {
	t.Helper()
	all := readBenchmarks(t, text)
	if len(all) != 1 {
		t.Fatalf("%d benchmarks in\n%s", len(all), text)
	}
	return all[0]
}

// readBenchmarks reads as benchstat does.
func readBenchmarks(t *testing.T, text string) (all []*benchfmt.Result) {
	t.Helper()
	in := benchfmt.NewReader(strings.NewReader(text), "text")
	for in.Scan() {
		switch r := in.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("%v in\n%s", r, text)
		case *benchfmt.Result:
			all = append(all, r.Clone())
		}
	}
	if in.Err() != nil {
		t.Fatalf("%v in\n%s", in.Err(), text)
	}
	return all
}

func TestBenchmarkIsReadBack(t *testing.T) {
	for name, r := range results() {
		text := as(t, "bench", r)
		b := readBenchmark(t, text)
		if b.Iters != int(r.Total) || len(b.Config) != 4 || b.GetConfig("goos") != "linux" {
			t.Errorf("%s: %d iterations, configuration %v in\n%s", name, b.Iters, b.Config, text)
		}
		units := map[string]bool{}
		for _, v := range b.Values {
			if units[v.Unit] {
				t.Errorf("%s: two values of %s in\n%s", name, v.Unit, text)
			}
			units[v.Unit] = true
		}
	}
}

func TestBenchmarkNames(t *testing.T) {
	tiny, merged := example.OpenLoop(), example.Plain()
	tiny.Load.Offered = 1e-7
	merged.Load.Mode = ""
	for want, r := range map[string]*stats.Result{
		"Handshake/mode=closed/low=250/high=500/loops=1": example.Plain(),
		"Handshake/mode=open/offered=100/loops=1":        example.OpenLoop(),
		"Handshake/mode=open/offered=0.0000001/loops=1":  tiny,
		"Handshake/loops=1":                              merged,
	} {
		if b := readBenchmark(t, as(t, "bench", r)); string(b.Name) != want {
			t.Errorf("name %s, want %s", b.Name, want)
		}
	}
}

// TestBenchmarkScales: benchstat turns ns into seconds, and leaves the others alone.
func TestBenchmarkScales(t *testing.T) {
	b := readBenchmark(t, as(t, "bench", example.Full()))
	for unit, want := range map[string]float64{
		"total": 199, "fail": 6, "cause.open_status": 4, "open.max-sec": stats.MaxTrackable.Seconds(), "connect.q50-sec": 31e-6, "memory.peak-B": 25.3e6,
	} {
		got, ok := b.Value(unit)
		if relative := got/want - 1; !ok || relative > 1e-3 || relative < -1e-3 {
			t.Errorf("%s: %v, %v, want %v", unit, got, ok, want)
		}
	}
}

// TestBenchmarkOfDifferentRuns has no configuration that they do not share, nor that of the
// benchmark before it in a file.
func TestBenchmarkOfDifferentRuns(t *testing.T) {
	r := example.Plain()
	r.Setup.URL, r.Setup.Kernel, r.Setup.Version = "", "", ""
	both := readBenchmarks(t, as(t, "bench", example.Plain())+as(t, "bench", r))
	if len(both) != 2 || len(both[0].Config) != 4 || len(both[1].Config) != 1 {
		t.Errorf("benchmarks %v", both)
	}
}
