package example

import (
	"fmt"
	"time"

	"wsperf/stats"
)

// Part is the result of a part of an open loop of 100 starts a second, late by some microseconds.
// Parts take turns, so their starts are spread evenly.
func Part(number, of int, lateUs int64) *stats.Result {
	rec := stats.NewRecorder(nil)
	const seconds = 10
	n := seconds * 100 / of
	for i := range n {
		recordStart(rec, int64(20_000+i*30))
	}
	r := openLoop(rec, 0)
	r.Setup.Rate = 100 / float64(of)
	r.Load.Offered = r.Setup.Rate
	startAt := r.Started.Truncate(time.Second)
	began := startAt.Add(time.Duration(lateUs) * time.Microsecond)
	between := time.Second / 100
	first := began.Add(time.Duration(number) * between)
	last := first.Add(time.Duration((n-1)*of) * between)
	r.Started, r.Ended = began, last.Add(2*time.Millisecond)
	r.Loaded = stats.LoadedResult{FirstNs: first.UnixNano(), LastNs: last.UnixNano(), Success: r.Success - 1}
	r.Verdict = stats.Verdict{Kind: stats.BottleneckRate, Reason: "the rate was kept", Evidence: []string{}}
	r.Parts = []stats.Part{{
		Number: number, Of: of, RunID: "run-7", Host: fmt.Sprintf("node%d", number), StartAt: startAt, LateUs: lateUs, Begun: true,
		Clock: stats.Clock{Synchronized: true, MaxErrorUs: 1500},
	}}
	if err := r.Check(); err != nil {
		panic(err)
	}
	return r
}

// TooLate is the result of a part that did not begin.
func TooLate(number, of int) *stats.Result {
	late := Part(number, of, 900_000)
	r := Complete()
	r.Setup, r.Started, r.Parts = late.Setup, late.Started, late.Parts
	r.Ended, r.Loaded = r.Started, stats.LoadedResult{}
	r.Parts[0].Begun = false
	if err := r.Check(); err != nil {
		panic(err)
	}
	return r
}

// Parts merges all parts of a run.
func Parts(of int) *stats.Result {
	var all []*stats.Result
	for number := range of {
		all = append(all, Part(number, of, int64(number)*300))
	}
	r, err := stats.MergeResults(all...)
	if err != nil {
		panic(err)
	}
	return r
}
