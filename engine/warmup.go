package engine

import (
	"sync/atomic"
	"time"

	"wsperf/stats"
)

// Connections whose intended start is before the end of the warm-up are made like all
// others, and recorded apart: only their counts are kept. The measured window begins with
// the end of the warm-up. Connections of the warm-up that are still open then are part of
// its load, and cost it some CPU time.

// warms reports whether the load has a warm-up.
func (ld *Load) warms() bool { return ld.Warmup > 0 || ld.WarmupConnections > 0 }

// schedule returns the stages of an open loop with its warm-up. A part has those of the whole, whose starts
// it takes its share of.
func (ld *Load) schedule() []stats.Stage {
	connections := max(ld.WarmupConnections, ld.place.warmup)
	if ld.Warmup == 0 && connections == 0 {
		return ld.Stages
	}
	rate := ld.Stages[0].From
	length := max(ld.Warmup.Seconds(), float64(connections)/rate)
	return append([]stats.Stage{{From: rate, To: rate, LengthUs: int64(min(length*1e6, 1e15))}}, ld.Stages...)
}

// warmup is what is left of a loop's warm-up.
type warmup struct {
	starts  int64 // still to be made
	untilNs int64 // by its intended start, a connection before then belongs to it
}

func newWarmup(ld *Load) warmup { return warmup{ld.WarmupConnections, int64(ld.Warmup)} }

// has reports whether a start at atNs belongs to the warm-up, and counts it.
func (w *warmup) has(atNs int64) bool {
	if w.starts > 0 {
		w.starts--
		return true
	}
	return atNs < w.untilNs
}

// window is when the measured window of a run begins, in nanoseconds from its start. The
// loops share it: a warm-up of connections ends with the first loop whose own is over.
type window struct {
	fromNs atomic.Int64  // never: not known yet
	begun  chan struct{} // closed when fromNs is known
}

func newWindow(ld *Load) *window {
	w := &window{begun: make(chan struct{})}
	if ld.WarmupConnections > 0 {
		w.fromNs.Store(never)
		return w
	}
	w.fromNs.Store(int64(ld.Warmup))
	close(w.begun)
	return w
}

// measure says that a loop measures the connections that it starts from ns on. It returns
// when the window began, which is not after that.
func (w *window) measure(ns int64) (fromNs int64) {
	for {
		known := w.fromNs.Load()
		if known <= ns {
			return known
		}
		if w.fromNs.CompareAndSwap(known, ns) {
			if known == never {
				close(w.begun)
			}
			return ns
		}
	}
}

// from returns when the window of a run began, and its end if that never was.
func (w *window) from(started, ended time.Time) time.Time {
	if ns := w.fromNs.Load(); ns < int64(ended.Sub(started)) {
		return started.Add(time.Duration(ns))
	}
	return ended
}

// warmUp waits for the end of the warm-up, or of the run.
func (r *Run) warmUp(ended <-chan struct{}, started time.Time) {
	select {
	case <-r.window.begun:
	case <-ended:
		return
	}
	left := time.Duration(r.window.fromNs.Load()) - time.Since(started)
	select {
	case <-time.After(left):
	case <-ended:
	}
}

// measuredStart notes a start that does not belong to the warm-up. The first one begins the
// loop's part of the measured window.
func (l *loop) measuredStart(s *slot, nowNs int64) {
	if l.warming {
		l.warming = false
		fromNs := l.window.measure(s.intendedNs)
		l.pacer.measureFrom(fromNs)
		l.intervals.begin(fromNs)
		l.stalls.longestNs, l.maxBatch = 0, 0
		l.before = l.usage()
		_, l.loaded.warmBefore, _ = l.warm.Counts()
	}
	l.loaded.started(nowNs)
}

// recorder returns where a slot's connection is recorded.
func (l *loop) recorder(s *slot) *stats.Recorder {
	if s.marks.has(markWarm) {
		return l.warm
	}
	return l.rec
}

// leftOut returns how many connections of the warm-up were started, and how many failed.
func (l *loop) leftOut() (started, fail uint64) {
	if l.warm == nil {
		return 0, 0
	}
	started, _, fail = l.warm.Counts()
	return started, fail
}
