package engine

import (
	"sync"
	"time"

	"wsperf/stats"
)

// collector puts the intervals of the loops together while they run. Its goroutine looks into
// the mailboxes, and another one tells of the intervals that are over, so that a terminal that
// blocks does not delay the first.
type collector struct {
	loops  []*loop
	series *stats.Series
	failed error // the first one

	told int                 // intervals that were sent to news
	news chan stats.Interval // nil: nobody is told

	stop    chan struct{}
	working sync.WaitGroup // the collecting goroutine
	telling sync.WaitGroup // the other one
}

// newsWaiting is how many intervals may wait to be told. More are dropped: the result has them.
const newsWaiting = 1000

// startCollector makes a collector, which tells watch of each interval, and starts its
// goroutines. It returns nil if the run has no intervals.
func (r *Run) startCollector() *collector {
	if r.cfg.Interval == 0 {
		return nil
	}
	c := &collector{loops: r.loops, series: stats.NewSeries(r.cfg.Interval), stop: make(chan struct{})}
	if r.cfg.Watch != nil {
		c.news = make(chan stats.Interval, newsWaiting)
		c.telling.Go(func() {
			for iv := range c.news {
				r.cfg.Watch(iv)
			}
		})
	}
	c.working.Go(func() { c.collect(max(time.Millisecond, min(r.cfg.Interval/20, 50*time.Millisecond))) })
	return c
}

// finish ends the goroutines and returns the intervals of a measured window of that length.
// The loops have ended.
func (c *collector) finish(window time.Duration) ([]stats.Interval, error) {
	if c == nil {
		return nil, nil
	}
	close(c.stop)
	c.working.Wait()
	c.empty()
	for _, l := range c.loops {
		c.add(l.cut(new(stats.IntervalRecorder)))
	}
	all := c.series.Intervals(window)
	if c.news != nil {
		c.tell(len(all))
		close(c.news)
		c.telling.Wait()
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
			if c.news != nil && over != ended {
				c.tell(int(over))
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

// tell sends the intervals that are over and were not sent yet.
func (c *collector) tell(over int) {
	for _, iv := range c.series.Between(c.told, over) {
		c.told++
		select {
		case c.news <- iv:
		default:
		}
	}
}
