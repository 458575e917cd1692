package stats_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func merged(t *testing.T, rs ...*stats.Result) *stats.Result {
	t.Helper()
	r, err := stats.MergeResults(rs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMergedPartsAreSorted merges the parts of a run in an order of their own, and one of them
// with a sum.
func TestMergedPartsAreSorted(t *testing.T) {
	two := merged(t, example.Part(3, 4, 0), example.Part(1, 4, 100))
	all := merged(t, two, example.Part(0, 4, 0), example.TooLate(2, 4))
	for i, p := range all.Parts {
		if p.Number != i || (p.Done == nil) != (i == 2) {
			t.Errorf("part %d: %+v", i, p)
		}
	}
	began := all.Parts[1].StartAt.UnixNano() + 100_000
	got := *all.Parts[1].Done
	want := stats.PartDone{BeganNs: began, Started: 250, Success: 250, PerSecond: got.PerSecond, Verdict: stats.BottleneckRate}
	if got != want || math.Abs(got.PerSecond-25) > 1e-9 {
		t.Errorf("part 1 has done %+v, want %+v", got, want)
	}
	if all.Idle() || all.Total != 750 || all.Setup.Rate != 75 || all.Load.Offered != 75 || all.Load.Mode != stats.ModeOpen {
		t.Errorf("%d connections, rate %v, %+v", all.Total, all.Setup.Rate, all.Load)
	}
}

// TestMergeOfPartsThatDidNotBegin: they add nothing but their names.
func TestMergeOfPartsThatDidNotBegin(t *testing.T) {
	late := example.TooLate(1, 3)
	late.Started = late.Started.Add(time.Hour)
	late.Ended = late.Started
	for _, rs := range [][]*stats.Result{{late, example.Part(0, 3, 0)}, {example.Part(0, 3, 0), late}} {
		r := merged(t, rs...)
		alone := example.Part(0, 3, 0)
		if len(r.Parts) != 2 || r.Duration() != alone.Duration() || r.Load != alone.Load || r.Setup.Rate != alone.Setup.Rate || !r.Verdict.Known() {
			t.Errorf("%d parts, %v, %+v, rate %v", len(r.Parts), r.Duration(), r.Load, r.Setup.Rate)
		}
	}
	if r := merged(t, late, example.TooLate(2, 3)); len(r.Parts) != 2 || !r.Idle() || r.Total != 0 {
		t.Errorf("only parts that did not begin: %d parts, %d connections", len(r.Parts), r.Total)
	}
}

// TestRateOfManyParts: the loaded window of the whole has all that ended in it, also of parts whose
// own window ended before. With 50 parts, each with 20 connections, that is 1 in 20.
func TestRateOfManyParts(t *testing.T) {
	for _, of := range []int{1, 4, 50} {
		perSecond, ok := example.Parts(of).LoadedHandshakesPerSecond()
		if skew := float64(of) * 300e-6 / 10; !ok || math.Abs(perSecond/100-1) > 0.001+skew {
			t.Errorf("%d parts: %v handshakes/s, want 100", of, perSecond)
		}
	}
}

func TestMergedStagesAreAdded(t *testing.T) {
	staged := func(lengthUs int64, rates ...float64) *stats.Result {
		r := example.Part(0, 1, 0)
		for i := 1; i < len(rates); i++ {
			r.Setup.Stages = append(r.Setup.Stages, stats.Stage{From: rates[i-1], To: rates[i], LengthUs: lengthUs})
		}
		return r
	}
	a, b := staged(5, 0, 10, 20), staged(5, 0, 30, 40)
	got := merged(t, a, b).Setup.Stages
	if len(got) != 2 || got[0] != (stats.Stage{From: 0, To: 40, LengthUs: 5}) || got[1] != (stats.Stage{From: 40, To: 60, LengthUs: 5}) {
		t.Errorf("stages %+v", got)
	}
	if a.Setup.Stages[0].To != 10 {
		t.Error("MergeResults modified its argument")
	}
	for name, other := range map[string]*stats.Result{"another length": staged(6, 0, 10, 20), "another number": staged(5, 0, 1), "none": staged(5)} {
		if got := merged(t, a, other).Setup.Stages; got != nil {
			t.Errorf("%s: stages %+v", name, got)
		}
	}
}

// TestSharesAreNoDifference: parts of one run have the loads that they were given.
func TestSharesAreNoDifference(t *testing.T) {
	a, b := example.Part(0, 3, 0), example.Part(1, 3, 0)
	a.Setup.Rate = 34
	if r := merged(t, a, b); len(r.Differences) != 0 {
		t.Errorf("parts differ in %+v", r.Differences)
	}
	a.Parts, b.Parts = nil, nil
	if r := merged(t, a, b); len(r.Differences) != 1 || r.Differences[0].Name != "load" {
		t.Errorf("runs differ in %+v", r.Differences)
	}
}

func TestCheckParts(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*stats.Part)
		want  string
	}{
		{"unchanged", func(*stats.Part) {}, ""},
		{"of none", func(p *stats.Part) { p.Of = 0 }, "of 0: must be 1 to 16384"},
		{"of too many", func(p *stats.Part) { p.Of = stats.MaxParts + 1 }, "of 16385: must be 1 to 16384"},
		{"a number too high", func(p *stats.Part) { p.Number = p.Of }, "part 2: of 2: must be 0 to 1"},
		{"not ascending", func(p *stats.Part) { p.Number = 1 }, "part 0 after part 1: must be ascending"},
		{"a negative number", func(p *stats.Part) { p.Number = -1 }, "part -1: of 2: must be 0 to 1"},
		{"a space", func(p *stats.Part) { p.RunID = "a b" }, "run_id: must be printable ASCII without spaces"},
		{"a long id", func(p *stats.Part) { p.RunID = strings.Repeat("x", 129) }, "run_id: must have 1 to 128 characters"},
		{"an escape", func(p *stats.Part) { p.Host = "\x1b" }, "host must be printable ASCII of at most 253 characters"},
		{"before the epoch", func(p *stats.Part) { p.StartAt = time.Unix(-1, 0) }, "start_at must be of a year from 1970 to 2259"},
		{"far away", func(p *stats.Part) { p.StartAt = time.Date(2260, 1, 1, 0, 0, 0, 0, time.UTC) }, "start_at must be of a year from 1970 to 2259"},
		{"very late", func(p *stats.Part) { p.LateUs = math.MaxInt64 }, "must be within a year"},
		{"very early", func(p *stats.Part) { p.LateUs = math.MinInt64 }, "must be within a year"},
		{"a negative error", func(p *stats.Part) { p.Clock.MaxErrorUs = -1 }, "clock error of -1 us: must be 0 to a year"},
		{"done without a begin", func(p *stats.Part) { p.Begun = false }, "it did not begin, but has done something"},
		{"counts", func(p *stats.Part) { p.Done.Fail++ }, "500 connections, 500 successes and 1 failures do not agree"},
		{"counts that overflow", func(p *stats.Part) { p.Done.Success++; p.Done.Fail-- }, "do not agree"},
		{"no rate", func(p *stats.Part) { p.Done.PerSecond = -1 }, "-1 handshakes per second"},
		{"before time", func(p *stats.Part) { p.Done.BeganNs = -1 }, "began at -1: must be 0 or more"},
		{"a verdict", func(p *stats.Part) { p.Done.Verdict = "\x1b" }, "verdict must be printable ASCII"},
	} {
		r := example.Parts(2)
		c.spoil(&r.Parts[0])
		if c.name == "not ascending" {
			r.Parts[1].Number = 0
		}
		err := r.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	r := example.Part(0, 2, 0)
	r.Parts[0].Begun = false
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "no part has begun, but 500 connections were started") {
		t.Errorf("connections of a part that did not begin: %v", err)
	}
	r = example.Parts(2)
	r.Parts = make([]stats.Part, stats.MaxParts+1)
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "16385 parts, at most 16384 are allowed") {
		t.Errorf("too many parts: %v", err)
	}
}

// TestMergedPartsAreOneHistogram: parts and a single process that measure the same connections
// have the same counts in each bucket of each phase.
func TestMergedPartsAreOneHistogram(t *testing.T) {
	const of = 7
	random := rand.New(rand.NewPCG(1, 2))
	whole, recs := stats.NewRecorder(nil), make([]*stats.Recorder, of)
	for i := range recs {
		recs[i] = stats.NewRecorder(nil)
	}
	for i := range 10_000 {
		s := &stats.Sample{Reached: example.AllReached}
		for p := range s.Ns {
			s.Ns[p] = int64(math.Exp(25 * random.Float64())) // up to 72 s: some are above MaxTrackable
		}
		for _, rec := range []*stats.Recorder{whole, recs[i%of]} {
			rec.Start()
			rec.Success(s)
			rec.Fin(stats.FinReceived)
		}
	}
	var rs []*stats.Result
	for _, rec := range recs {
		rs = append(rs, example.Complete(rec))
	}
	one, sum := example.Complete(whole), merged(t, rs...)
	for p := range one.Phases {
		if a, b := &one.Phases[p], &sum.Phases[p]; !a.Success.Equals(b.Success) || !a.Failure.Equals(b.Failure) || a.Overruns != b.Overruns {
			t.Errorf("phase %v of the parts is not that of the whole", stats.Phase(p))
		}
	}
}
