package engine

import "sync/atomic"

// counters is what a loop lets others see while it runs. The loop stores into
// it once per wait; nobody else writes. The padding keeps two loops' counters
// off one cache line (64 bytes, and its neighbour that the prefetcher takes).
type counters struct {
	started, success, fail atomic.Uint64
	inFlight               atomic.Int64
	_                      [128 - 32]byte
}

func (c *counters) publish(l *loop) {
	started, success, fail := l.rec.Counts()
	c.started.Store(started)
	c.success.Store(success)
	c.fail.Store(fail)
	c.inFlight.Store(int64(l.inFlight))
}

// Progress is a glance at a run in progress.
type Progress struct {
	Started, Success, Fail uint64
	InFlight               int
}

// Progress can be called from any goroutine at any time; it costs the loops
// nothing. Its numbers are up to 100 ms old.
func (r *Run) Progress() Progress {
	var p Progress
	for i := range r.counters {
		c := &r.counters[i]
		p.Started += c.started.Load()
		p.Success += c.success.Load()
		p.Fail += c.fail.Load()
		p.InFlight += int(c.inFlight.Load())
	}
	return p
}
