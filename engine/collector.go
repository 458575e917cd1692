package engine

import (
	"sync"
	"time"

	"wsperf/stats"
)

// collector adds up the intervals of the loops while they run. One goroutine empties the
// mailboxes. Another calls Config.Watch, so that a terminal that blocks does not delay the
// first.
type collector struct {
	loops  []*loop
	series *stats.Series
	failed error // the first one

	announced int                 // intervals that were sent to the queue
	queue     chan stats.Interval // for Config.Watch; nil: there is none

	stop       chan struct{}
	collecting sync.WaitGroup
	watching   sync.WaitGroup
}

// maxQueued bounds the queue. What does not fit is dropped: the result still has it.
const maxQueued = 1000

// startCollector starts a collector. It returns nil if the run has no intervals.
func (r *Run) startCollector() *collector {
	if r.cfg.Interval == 0 {
		return nil
	}
	c := &collector{loops: r.loops, series: stats.NewSeries(r.cfg.Interval), stop: make(chan struct{})}
	if r.cfg.Watch != nil {
		c.queue = make(chan stats.Interval, maxQueued)
		c.watching.Go(func() {
			for iv := range c.queue {
				r.cfg.Watch(iv)
			}
		})
	}
	c.collecting.Go(func() { c.collect(max(time.Millisecond, min(r.cfg.Interval/20, 50*time.Millisecond))) })
	return c
}

// finish ends the goroutines and returns the intervals of a measured window of that length.
// The loops have ended.
func (c *collector) finish(window time.Duration) ([]stats.Interval, error) {
	if c == nil {
		return nil, nil
	}
	close(c.stop)
	c.collecting.Wait()
	c.empty()
	for _, l := range c.loops {
		c.add(l.cut(new(stats.IntervalRecorder)))
	}
	all := c.series.Intervals(window)
	if c.queue != nil {
		c.announce(len(all))
		close(c.queue)
		c.watching.Wait()
	}
	return all, c.failed
}

// collect looks into the mailboxes until the end, which leaves the last parts in them.
func (c *collector) collect(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
			over := c.over() // before the mailboxes are emptied: what is over is in them
			c.empty()
			if c.queue != nil && over != ended {
				c.announce(int(over))
			}
		}
	}
}

// over returns how many intervals are over in all loops, or ended if these have ended.
func (c *collector) over() int64 {
	least := ended
	for _, l := range c.loops {
		least = min(least, l.intervals.box.begun.Load())
	}
	return least
}

// empty takes what is in the mailboxes.
func (c *collector) empty() {
	for _, l := range c.loops {
		box := l.intervals.box
		if part := box.filled.Swap(nil); part != nil {
			c.add(part)
			box.spare.Store(part)
		}
	}
}

func (c *collector) add(part *stats.IntervalRecorder) {
	if err := c.series.Add(part); err != nil && c.failed == nil {
		c.failed = err
	}
}

// announce queues the intervals that are over and were not queued yet.
func (c *collector) announce(over int) {
	for _, iv := range c.series.Between(c.announced, over) {
		c.announced++
		select {
		case c.queue <- iv:
		default:
		}
	}
}
