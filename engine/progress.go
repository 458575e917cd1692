package engine

import "sync/atomic"

// counters are what a loop publishes while it runs. Only the loop writes them, once
// per wait. The padding avoids false sharing between loops: a cache line has 64 bytes,
// and the prefetcher fetches its neighbour too.
type counters struct {
	started, success, fail atomic.Uint64
	warmup                 atomic.Uint64
	inFlight               atomic.Int64
	_                      [128 - 40]byte
}

func (c *counters) publish(l *loop) {
	started, success, fail := l.rec.Counts()
	if l.warm != nil {
		n, ok, failed := l.warm.Counts()
		started, success, fail = started+n, success+ok, fail+failed
		c.warmup.Store(ok + failed)
	}
	c.started.Store(started)
	c.success.Store(success)
	c.fail.Store(fail)
	c.inFlight.Store(int64(l.inFlight))
}

// Progress is a snapshot of a run in progress, its warm-up included.
type Progress struct {
	Started, Success, Fail uint64
	Warmup                 uint64 // the part of Success and Fail that belongs to the warm-up
	InFlight               int
}

// Progress returns a snapshot that is up to 100 ms old. It can be called from any
// goroutine at any time, and does not delay the loops.
func (r *Run) Progress() Progress {
	var p Progress
	for i := range r.counters {
		c := &r.counters[i]
		p.Started += c.started.Load()
		p.Success += c.success.Load()
		p.Fail += c.fail.Load()
		p.Warmup += c.warmup.Load()
		p.InFlight += int(c.inFlight.Load())
	}
	return p
}
