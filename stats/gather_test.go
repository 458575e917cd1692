package stats_test

import (
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestGather(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*stats.Result)
		want  string // the error; empty: it is of the run
	}{
		{"unchanged", func(*stats.Result) {}, ""},
		{"its own loops, CPUs, address, sources and machine", func(r *stats.Result) {
			r.Setup.Loops, r.Setup.CPUs, r.Setup.Address, r.Setup.MaxOpen, r.Setup.MaxOpenBy = 8, []int{3}, "192.0.2.7:9000", 1, stats.LimitMemory
			r.Setup.Sources, r.Setup.Kernel, r.Setup.Version, r.Setup.GoVersion = []string{"127.0.0.9"}, "6.1", "2", "go1.27"
		}, ""},
		{"a share of a remainder", func(r *stats.Result) { r.Setup.Connections++; r.Setup.High-- }, ""},
		{"another share", func(r *stats.Result) { r.Setup.Connections += 2 }, "config.connections is 2, that of a is 0"},
		{"a rounded rate", func(r *stats.Result) { r.Setup.Rate *= 1 + 1e-9 }, ""},
		{"another rate", func(r *stats.Result) { r.Setup.Rate *= 1.001 }, "config.rate is 33.36"},
		{"other stages", func(r *stats.Result) { r.Setup.Stages = []stats.Stage{{From: 1, To: 2, LengthUs: 3}} }, `config.stages is [{"from":1,"to":2,"length_us":3}], that of a is null`},
		{"no part", func(r *stats.Result) { r.Parts = nil }, "it is no part of a run (wsperf run --shard)"},
		{"another run", func(r *stats.Result) { r.Parts[0].RunID = "x" }, "its run is x, that of a is run-7"},
		{"a run without an ID", func(r *stats.Result) { r.Parts[0].RunID = "" }, "its run is one without a run ID, that of a is run-7"},
		{"of another number", func(r *stats.Result) { r.Parts[0].Of = 4 }, "it has part 1 of 4, must be of 3"},
		{"a part that came", func(r *stats.Result) { r.Parts[0].Number = 0 }, "part 0 is in a already"},
		{"a part twice", func(r *stats.Result) { r.Parts = append(r.Parts, r.Parts[0]) }, "part 1 is in it twice"},
		{"parts of two runs", func(r *stats.Result) {
			r.Parts = append(r.Parts, stats.Part{Number: 2, Of: 3, RunID: "z"})
		}, "it has parts of two runs: run-7 and z"},
		{"another URL", func(r *stats.Result) { r.Setup.URL = "ws://x/\x1b" }, `config.url is "ws://x/\u001b", that of a is "ws://127.0.0.1:9000/`},
		{"another built-in testee", func(r *stats.Result) { r.Setup.URL, r.Provenance.Testee = "ws://127.0.0.1:7", stats.TesteeBuiltin }, "config.url"},
		{"other headers", func(r *stats.Result) { r.Setup.Headers = []string{strings.Repeat("x", 1000)} }, `config.headers is ["xxx`},
		{"another TLS version", func(r *stats.Result) { r.Setup.TLS.Max = "1.2" }, `config.tls is {"max":"1.2"}, that of a is {}`},
		{"another code", func(r *stats.Result) { r.Setup.CloseCode = 1001 }, "config.close_code is 1001, that of a is 1000"},
	} {
		g := stats.NewGather(3)
		if err := g.Add("a", example.Part(0, 3, 0)); err != nil {
			t.Fatal(err)
		}
		r := example.Part(1, 3, 0)
		c.spoil(r)
		err := g.Add("b", r)
		if (err == nil) != (c.want == "") || err != nil && (!strings.HasPrefix(err.Error(), c.want) || len(err.Error()) > 250) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		sum, sumErr := g.Result()
		if sumErr != nil {
			t.Fatal(sumErr)
		}
		if want := map[bool]uint64{true: 666, false: 333}[err == nil]; sum.Total != want || sum.Check() != nil {
			t.Errorf("%s: %d connections, want %d; %v", c.name, sum.Total, want, sum.Check())
		}
	}
}

func TestGatherOfBuiltinTestees(t *testing.T) {
	g := stats.NewGather(2)
	for i, url := range []string{"ws://127.0.0.1:5", "ws://127.0.0.1:6"} {
		r := example.Part(i, 2, 0)
		r.Setup.URL, r.Provenance.Testee = url, stats.TesteeBuiltin
		if err := g.Add(url, r); err != nil {
			t.Error(err)
		}
	}
}

// TestGatherOfSums: what is merged already can be merged with the rest, whatever came first.
func TestGatherOfSums(t *testing.T) {
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		var begun []*stats.Result
		for _, number := range []int{0, 3, 1} {
			r := example.Part(number, 5, 0)
			r.Setup.High = 100
			begun = append(begun, r)
		}
		rs := []*stats.Result{merged(t, begun[0], begun[1], example.TooLate(4, 5)), begun[2]}
		g := stats.NewGather(5)
		for _, i := range order {
			if err := g.Add("x", rs[i]); err != nil {
				t.Errorf("order %v: %v", order, err)
			}
		}
		r, err := g.Result()
		if err != nil {
			t.Fatal(err)
		}
		s, ok := r.Spread()
		if want := "part 2 of 5 is missing, and part 4 of 5 was too late and did not begin"; !ok || s.Incomplete() != want {
			t.Errorf("order %v: %q, want %q", order, s.Incomplete(), want)
		}
	}
	if _, err := stats.NewGather(2).Result(); err == nil {
		t.Error("no part, and no error")
	}
}

func TestMissingPartsAreNamedByRanges(t *testing.T) {
	const of = 100
	for _, c := range []struct {
		there []int
		want  string
	}{
		{[]int{0, 1, 2, 4, 5, 6, 10}, "parts 3, 7-9, 11-99 of 100 are missing"},
		{[]int{0}, "parts 1-99 of 100 are missing"},
		{everySecond(of), "parts 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39 and 30 more of 100 are missing"},
	} {
		r := example.Part(0, of, 0)
		r.Parts = nil
		for _, number := range c.there {
			r.Parts = append(r.Parts, stats.Part{Number: number, Of: of, Begun: true})
		}
		if s, ok := r.Spread(); !ok || s.Incomplete() != c.want {
			t.Errorf("%q, want %q", s.Incomplete(), c.want)
		}
	}
}

func everySecond(of int) (all []int) {
	for i := 0; i < of; i += 2 {
		all = append(all, i)
	}
	return all
}
