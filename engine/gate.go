package engine

import (
	"context"
	"time"

	"wsperf/stats"
)

// Gate holds a run that is prepared until it is to begin, as one of several processes that begin together.
type Gate interface {
	// Await is called when all is prepared and each loop waits on its CPU. When it returns nil, the kernel's counters are read, and
	// the profiler is enabled. With an error the run does not begin, and Do returns that with a result without any connection.
	Await(ctx context.Context) error
	// Hold is called after that. The loops begin when it returns, and at once when ctx is cancelled.
	Hold(ctx context.Context)
	// Begun is told when the loops began.
	Begun(at time.Time)
}

// noGate holds nothing.
type noGate struct{}

func (noGate) Await(context.Context) error { return nil }
func (noGate) Hold(context.Context)        {}
func (noGate) Begun(time.Time)             {}

func (r *Run) gate() Gate {
	if r.cfg.Gate == nil {
		return noGate{}
	}
	return r.cfg.Gate
}

// awaitGate returns the result of a run that does not begin, and the gate's error.
func (r *Run) awaitGate(ctx context.Context, t *threads) (*stats.Result, error) {
	shut := r.gate().Await(ctx)
	if shut == nil {
		return nil, nil
	}
	t.cancel()
	now := time.Now()
	res, err := r.result(now, now, nil)
	if err != nil {
		return nil, err
	}
	return res, shut
}

// beginLoops lets the loops begin when the gate no longer holds them, and returns when that was. If the run was
// interrupted before, they see that before they start a connection.
func (r *Run) beginLoops(ctx context.Context, t *threads) time.Time {
	r.gate().Hold(ctx)
	if ctx.Err() != nil {
		r.stop.Store(true)
	}
	at := time.Now()
	t.begin(at)
	r.gate().Begun(at)
	return at
}
