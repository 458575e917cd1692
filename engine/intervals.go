package engine

import (
	"sync/atomic"
	"time"

	"wsperf/stats"
)

// Each loop records an interval in one of two recorders, in turn. At the end of an interval it
// exchanges the recorders through its mailbox, and the collector adds what was recorded to the
// series of the run. Neither waits for the other: if the collector has not emptied the spare
// recorder yet, the loop goes on with the one that it has, and the interval becomes longer in
// that loop.

// mailbox is where a loop and the collector exchange interval recorders. The padding avoids
// false sharing, as that of counters does.
type mailbox struct {
	spare  atomic.Pointer[stats.IntervalRecorder] // empty, for the loop to take
	filled atomic.Pointer[stats.IntervalRecorder] // for the collector to take
	begun  atomic.Int64                           // index of the interval that the loop records; ended: it has ended
	_      [128 - 24]byte
}

// ended is the index of an interval that never ends.
const ended = never

func newMailbox() *mailbox {
	m := new(mailbox)
	m.spare.Store(new(stats.IntervalRecorder))
	return m
}

// intervals is a loop's side of its intervals.
type intervals struct {
	box      *mailbox // nil: no intervals are recorded
	lengthNs int64
	fromNs   int64 // when the first one begins
	index    int64
	endNs    int64 // of the interval in progress; never: none
}

func newIntervals(length time.Duration) intervals {
	iv := intervals{lengthNs: int64(length), endNs: never}
	if length > 0 {
		iv.box = newMailbox()
	}
	return iv
}

// begin begins the first interval with the measured window, or at a time that is not known.
func (iv *intervals) begin(fromNs int64) {
	if iv.box != nil && fromNs != never && iv.endNs == never {
		iv.fromNs, iv.endNs = fromNs, fromNs+iv.lengthNs
	}
}

// at returns the index of the interval that a time is in.
func (iv *intervals) at(ns int64) int64 {
	return min((ns-iv.fromNs)/iv.lengthNs, stats.MaxIntervals-1)
}

// cutInterval ends the interval in progress if it is over.
func (l *loop) cutInterval() {
	iv := &l.intervals
	if l.nowNs < iv.endNs {
		return
	}
	if !l.deliver() {
		return
	}
	iv.index = iv.at(l.nowNs)
	iv.endNs = iv.fromNs + (iv.index+1)*iv.lengthNs
	if iv.index == stats.MaxIntervals-1 {
		iv.endNs = never
	}
	iv.box.begun.Store(iv.index)
}

// deliver puts what was recorded since the last time into the mailbox. It returns false if
// the collector has left no spare recorder.
func (l *loop) deliver() bool {
	box := l.intervals.box
	spare := box.spare.Swap(nil)
	if spare == nil {
		return false
	}
	box.filled.Store(l.cut(spare))
	return true
}

// cut ends the interval in the loop's recorder, and goes on with next.
func (l *loop) cut(next *stats.IntervalRecorder) *stats.IntervalRecorder {
	done := l.rec.Cut(next)
	done.Index, done.InFlight, done.Open = int(l.intervals.index), l.inFlight, l.slots.open()
	return done
}

// endIntervals delivers the last interval. If it cannot, the run takes that from the recorder.
func (l *loop) endIntervals() {
	if l.intervals.box != nil && l.deliver() {
		l.intervals.box.begun.Store(ended)
	}
}
