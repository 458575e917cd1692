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
}

// started moves the end of the window to a start.
func (w *loaded) started(nowNs int64) {
	if !w.begun {
		w.begun, w.firstNs = true, nowNs
	}
	w.lastNs = nowNs
}

// loadedWindow returns the loaded window of all loops together: from the first start of any
// to the last start of any, with all successes until then. The loops have ended.
func loadedWindow(loops []*loop, started time.Time) (all stats.LoadedResult) {
	base := started.UnixNano()
	for _, l := range loops {
		if w := l.loaded; w.begun {
			all.Add(stats.LoadedResult{FirstNs: base + w.firstNs, LastNs: base + w.lastNs})
		}
	}
	for _, l := range loops {
		all.Success += l.successesUntil(all.LastNs - base)
	}
	return all
}

// successesUntil returns how many of the loop's successes ended by ns, which is not before
// its last start: whatever ended later is still in its slot, because the loop has started
// nothing after it.
func (l *loop) successesUntil(ns int64) uint64 {
	_, n, _ := l.rec.Counts()
	for i := range l.slots.used {
		if s := &l.slots.all[i]; !s.marks.has(markWarm) && s.succeeded() && s.endNs() > ns {
			n--
		}
	}
	return n
}
