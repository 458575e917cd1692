package engine

import (
	"time"

	"wsperf/stats"
)

// loaded is a loop's loaded window: from its first start to its last. Times are in
// nanoseconds from the start of the run.
type loaded struct {
	firstNs, lastNs int64
	success         uint64 // until the last start
	begun           bool
}

// started moves the end of the window to a start.
func (w *loaded) started(nowNs int64, rec *stats.Recorder) {
	if !w.begun {
		w.begun, w.firstNs = true, nowNs
	}
	w.lastNs = nowNs
	_, w.success, _ = rec.Counts()
}

// addTo adds the window to that of the other loops of a run.
func (w *loaded) addTo(r *stats.LoadedResult, started time.Time) {
	if w.begun {
		base := started.UnixNano()
		r.Add(stats.LoadedResult{FirstNs: base + w.firstNs, LastNs: base + w.lastNs, Success: w.success})
	}
}
