package engine

import (
	"slices"
	"testing"
	"time"

	"wsperf/stats"
)

// TestIntervals: every connection is in the intervals (Result.Check), which follow each other
// without a gap to the end of the run, and each is told once, in its turn.
func TestIntervals(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"closed":                        func(*Config) {},
		"closed, after some time":       func(c *Config) { c.Warmup = 70 * time.Millisecond },
		"closed, after connections":     func(c *Config) { c.WarmupConnections = 70 },
		"by the clock":                  func(c *Config) { c.Load = counted(1000, 300) },
		"by the clock, after a warm-up": func(c *Config) { c.Load = counted(1000, 300); c.WarmupConnections = 70 },
	} {
		cfg := patient(t, scripted(t, echoClose), 5000) // no testee accepts that many within an interval
		cfg.Loops, cfg.Interval = 2, 20*time.Millisecond
		change(&cfg)
		var told []stats.Interval
		cfg.Watch = func(iv stats.Interval) { told = append(told, iv) }
		r := do(t, cfg)
		n := int((r.Duration() + cfg.Interval - 1) / cfg.Interval)
		if len(r.Intervals) != n || r.Intervals[n-1].End() != r.Duration() || r.Total == 0 {
			t.Errorf("%s: %d intervals until %v in %v", name, len(r.Intervals), r.Intervals[n-1].End(), r.Duration())
		}
		for i := range told {
			if !slices.Equal(r.Intervals[i].Encoded(stats.PhaseTotal), told[i].Encoded(stats.PhaseTotal)) || told[i].Started != r.Intervals[i].Started {
				t.Errorf("%s: interval %d was told as %+v, and is %+v", name, i, told[i], r.Intervals[i])
			}
		}
		for i, iv := range r.Intervals {
			if iv.Started == r.Total {
				t.Errorf("%s: all %d starts are in interval %d", name, r.Total, i)
			}
		}
		if len(told) != n {
			t.Errorf("%s: told of %d intervals of %d", name, len(told), n)
		}
	}
}

// counted is a load of so many starts at a constant rate.
func counted(rate float64, connections int64) Load {
	ld := constant(rate, 0)
	ld.Connections, ld.Duration = connections, 0
	return ld
}

// TestLoopWakesForIntervals: an interval is handed over at its end, also if nothing happens.
func TestLoopWakesForIntervals(t *testing.T) {
	cfg := patient(t, "127.0.0.1:1", 1)
	cfg.Interval = stats.MinInterval
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.askNs = never
	l.intervals.begin(0)
	if ns := l.sleepNs(); ns != cfg.Interval.Nanoseconds() {
		t.Errorf("the loop sleeps %d ns in an interval of %v", ns, cfg.Interval)
	}
}

// TestIntervalsWithoutReader: intervals that nobody reads delay neither the loops nor the
// intervals of the result.
func TestIntervalsWithoutReader(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 0)
	cfg.Load, cfg.Interval = counted(500, 250), 20*time.Millisecond
	read := make(chan struct{})
	cfg.Watch = func(stats.Interval) { <-read }
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	go func() {
		defer close(read)
		for p := run.Progress(); p.Success < 250; p = run.Progress() {
			time.Sleep(time.Millisecond)
		}
	}()
	r, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	busy := 0
	for _, iv := range r.Intervals {
		if iv.Started > 0 {
			busy++
		}
	}
	if busy < 10 { // of 25, unless the machine is busy as well
		t.Errorf("only %d of %d intervals have starts", busy, len(r.Intervals))
	}
}

// intervalLoop returns a loop with intervals of a second, in the middle of its first one.
func intervalLoop() *loop {
	l := &loop{slots: newSlots(1), rec: stats.NewRecorder(nil), intervals: newIntervals(time.Second)}
	l.rec.RecordIntervals(new(stats.IntervalRecorder))
	l.intervals.begin(0)
	return l
}

// TestCutWithoutSpare: without a spare recorder, a loop goes on with the one that it has.
func TestCutWithoutSpare(t *testing.T) {
	const s = int64(time.Second)
	l := intervalLoop()
	box := l.intervals.box
	spare := box.spare.Swap(nil)
	for _, step := range []struct {
		nowNs       int64
		spare       *stats.IntervalRecorder
		index, from int64 // of the interval in progress, and of the part that is delivered; -1: none
	}{
		{s - 1, spare, 0, -1},
		{s, nil, 0, -1},
		{2*s + 1, nil, 0, -1},
		{2*s + 2, spare, 2, 0},
		{9 * s, new(stats.IntervalRecorder), 9, 2}, // nothing happened between
	} {
		box.spare.Store(step.spare)
		l.nowNs = step.nowNs
		l.rec.Start()
		l.cutInterval()
		part := box.filled.Swap(nil)
		if l.intervals.index != step.index || (part == nil) != (step.from < 0) || part != nil && int64(part.Index) != step.from {
			t.Errorf("at %d: interval %d in progress, delivered %v", step.nowNs, l.intervals.index, part != nil)
		}
	}
}

// cutFull cuts an interval whose batch and histograms have something in each phase, and
// returns how long that took.
func cutFull(l *loop) time.Duration {
	sample := &stats.Sample{Ns: [stats.NumPhases]int64{1e6, 2e6, 3e6, 4e6, 5e6, 6e6, 7e6, 8e6}, Reached: 1<<stats.NumPhases - 1}
	for range 255 {
		l.rec.Start()
		l.rec.Success(sample)
		l.rec.Fin(stats.FinReceived)
	}
	l.nowNs = l.intervals.endNs
	begun := time.Now()
	l.cutInterval()
	lasted := time.Since(begun)
	box := l.intervals.box
	box.spare.Store(box.filled.Swap(nil))
	return lasted
}

func TestCutAllocatesNothing(t *testing.T) {
	l := intervalLoop()
	if n := testing.AllocsPerRun(200, func() { cutFull(l) }); n != 0 || l.intervals.index < 200 {
		t.Errorf("%v allocations in interval %d", n, l.intervals.index)
	}
}
