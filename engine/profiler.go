package engine

import (
	"context"
	"time"
)

// Profiler is a program such as perf(1) that is to look at the measured window only. The loops
// wait for neither call, unless there is no warm-up: then they begin after Enable.
type Profiler interface {
	Enable() error  // right before the measured window
	Disable() error // right after its last connection
}

// watched is what came of a run.
type watched struct {
	started, ended time.Time // when the loops began, and when the last of them has ended
	failed         error     // nothing was measured
	lost           error     // what was measured has no profile, or a wrong one
}

// watch lets the loops begin, and profiler and observers look at the measured window.
func (r *Run) watch(ctx context.Context, t *threads, all observers) (w watched) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	if !r.cfg.warms() {
		if w.failed = r.enableProfiler(); w.failed != nil {
			t.cancel()
			return w
		}
		all.begin()
	}
	w.started = r.beginLoops(ctx, t)
	if r.cfg.warms() {
		r.warmUp(t.ended, w.started)
		if w.failed = r.enableProfiler(); w.failed != nil {
			r.stop.Store(true)
			<-t.ended
			return w
		}
		all.begin()
	}
	w.ended = all.sampleUntil(t.ended, ticker.C)
	if r.cfg.Profiler != nil {
		w.lost = r.cfg.Profiler.Disable()
	}
	return w
}

func (r *Run) enableProfiler() error {
	if r.cfg.Profiler == nil {
		return nil
	}
	return r.cfg.Profiler.Enable()
}
