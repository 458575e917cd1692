package engine

import (
	"time"

	"wsperf/stats"
)

// loaded is a loop's loaded window: from its first start to its last. Times are in
// nanoseconds from the start of the run.
type loaded struct {
	firstNs, lastNs int64
	begun           bool
	warmBefore      uint64 // successes of the warm-up that ended before
}

// started moves the end of the window to a start.
func (w *loaded) started(nowNs int64) {
	if !w.begun {
		w.begun, w.firstNs = true, nowNs
	}
	w.lastNs = nowNs
}

// loadedWindow returns the loaded window of all loops together: from the first start of any
// to the last start of any, with all successes until then. Those of the warm-up are apart: at first the
// testee is busy with what the warm-up has left open. The loops have ended.
func loadedWindow(loops []*loop, started time.Time) (all stats.LoadedResult) {
	base := started.UnixNano()
	for _, l := range loops {
		if w := l.loaded; w.begun {
			all.Add(stats.LoadedResult{FirstNs: base + w.firstNs, LastNs: base + w.lastNs})
		}
	}
	for _, l := range loops {
		success, warm := l.successesUntil(all.LastNs - base)
		all.Success, all.WarmupSuccess = all.Success+success, all.WarmupSuccess+warm
	}
	return all
}

// successesUntil returns how many of the loop's successes ended by ns, which is not before its last
// start, and how many of its warm-up ended from its first measured start to then. Whatever ended later is
// still in its slot, because the loop has started nothing after it.
func (l *loop) successesUntil(ns int64) (measured, warm uint64) {
	_, measured, _ = l.rec.Counts()
	if l.warm != nil && l.loaded.begun {
		_, warm, _ = l.warm.Counts()
		warm -= l.loaded.warmBefore
	}
	for i := range l.slots.used {
		s := &l.slots.all[i]
		switch {
		case !s.succeeded() || s.endNs() <= ns:
		case !s.marks.has(markWarm):
			measured--
		case l.loaded.begun:
			warm--
		}
	}
	return measured, warm
}
