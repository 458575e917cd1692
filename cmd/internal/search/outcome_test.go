package search

import (
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/require"
)

// result is that of a step in which 1000 starts were due within a second and all went well.
func result(t *testing.T) *stats.Result {
	t.Helper()
	r, err := stats.Merge()
	if err != nil {
		t.Fatal(err)
	}
	r.Started = time.Unix(1000, 0)
	r.Ended = r.Started.Add(time.Second)
	r.Total, r.Success = 1000, 1000
	r.Setup.Rate, r.Setup.Address = 1000, "127.0.0.1:80"
	r.Load = stats.LoadResult{Mode: stats.ModeOpen, Offered: 1000, Due: 1000}
	r.Loaded = stats.LoadedResult{FirstNs: r.Started.UnixNano(), LastNs: r.Ended.UnixNano(), Success: 999}
	return r
}

// check compares the result with requirements, written as on the command line.
func check(t *testing.T, r *stats.Result, texts ...string) *stats.Result {
	t.Helper()
	r.Findings = require.CheckAll(requirements(t, texts...), r)
	return r
}

func requirements(t *testing.T, texts ...string) (all []require.Requirement) {
	t.Helper()
	for _, text := range texts {
		q, err := require.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

func fail(r *stats.Result, c stats.Cause, n uint64) {
	r.Causes[c] += n
	r.Fail += n
	r.Success -= n
}

// late records that all starts were late by that time.
func late(t *testing.T, r *stats.Result, d time.Duration) {
	t.Helper()
	if err := r.Phases[stats.PhaseLate].Success.RecordValues(d.Microseconds(), 1000); err != nil {
		t.Fatal(err)
	}
}

func owe(r *stats.Result) {
	r.Load.Owed = 100
	r.Total, r.Success, r.Loaded.Success = 900, 900, 899
}

func TestOutcome(t *testing.T) {
	const good, bad = "fail% == 0", "success > 1000"
	for _, c := range []struct {
		name, require string
		change        func(*stats.Result)
		want          Outcome
	}{
		{"met", good, func(*stats.Result) {}, Met},
		{"missed", bad, func(*stats.Result) {}, Missed},
		{"failures", good, func(r *stats.Result) { fail(r, stats.CauseOpenTimeout, 1) }, Missed},
		{"met by late starts", good, func(r *stats.Result) { late(t, r, 3*time.Millisecond) }, Met},
		{"missed by late starts", bad, func(r *stats.Result) { late(t, r, 3*time.Millisecond) }, Limited},
		{"a few starts not made", good, func(r *stats.Result) { r.Load.Owed = 10 }, Met},
		{"more starts not made", good, func(r *stats.Result) { r.Load.Owed = 11 }, Limited},
		{"starts not made", good, owe, Limited},
		{"starts not made, missed", bad, owe, Limited},
		{"starts waited for connections to end", bad, func(r *stats.Result) { owe(r); r.Client.SlotWaits = 1 }, Missed},
		{"starts waited, met", good, func(r *stats.Result) { owe(r); r.Client.SlotWaits = 1 }, Limited},
		{"testee far behind", bad, func(r *stats.Result) { late(t, r, 3*time.Millisecond); r.Loaded.Success = 960 }, Missed},
		{"testee hardly behind", bad, func(r *stats.Result) { late(t, r, 3*time.Millisecond); r.Loaded.Success = 985 }, Limited},
		{"behind by a round trip", bad, func(r *stats.Result) { late(t, r, 1500*time.Microsecond); r.Loaded.Success = 982 }, Limited},
		{"client late too", bad, func(r *stats.Result) { late(t, r, 25*time.Millisecond); r.Loaded.Success = 800 }, Limited},
		{"client's failures", good, func(r *stats.Result) { fail(r, stats.CauseFDLimit, 1) }, Limited},
		{"client's failures, met", "fail% < 1", func(r *stats.Result) { fail(r, stats.CausePortsExhausted, 1) }, Met},
	} {
		r := result(t)
		c.change(r)
		if got := outcomeOf(check(t, r, c.require)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestStillThere(t *testing.T) {
	for refused, want := range map[uint64]string{
		0:    "",
		999:  "",
		1000: "nobody listens at 127.0.0.1:80: every connection of a step failed: connect_refused 1000: start the testee, or correct the URL",
	} {
		r := result(t)
		fail(r, stats.CauseConnectRefused, refused)
		got := ""
		if err := stillThere(r); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%d refused: %q, want %q", refused, got, want)
		}
	}
}

func TestRest(t *testing.T) {
	for _, c := range []struct {
		o          Outcome
		step, want time.Duration
	}{
		{Met, time.Second, 100 * time.Millisecond}, {Missed, time.Second, 300 * time.Millisecond}, {Limited, 5 * time.Second, 1500 * time.Millisecond},
		{Met, time.Hour, time.Second}, {Missed, time.Hour, 3 * time.Second},
	} {
		if got := restAfter(c.o, c.step); got != c.want {
			t.Errorf("%s, %v: %v, want %v", c.o, c.step, got, c.want)
		}
	}
}
