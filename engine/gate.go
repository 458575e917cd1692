package engine

import (
	"context"
	"time"

	"wsperf/stats"
)

// Gate holds a run that is prepared until it is to begin, as one of several processes that begin together.
type Gate interface {
	// Await is called when all is prepared and each loop waits on its CPU. The run begins when it returns nil. With
	// an error it does not, and Do returns that with a result without any connection.
	Await(ctx context.Context) error
	// Begun is told when the loops began, right after that.
	Begun(at time.Time)
}

// awaitGate returns the result of a run that does not begin, and the gate's error.
func (r *Run) awaitGate(ctx context.Context, t *threads) (*stats.Result, error) {
	if r.cfg.Gate == nil {
		return nil, nil
	}
	shut := r.cfg.Gate.Await(ctx)
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

func (r *Run) begun(at time.Time) {
	if r.cfg.Gate != nil {
		r.cfg.Gate.Begun(at)
	}
}
