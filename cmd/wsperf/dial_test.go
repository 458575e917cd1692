package main

import (
	"testing"
	"time"

	"wsperf/engine"
)

// at is a reading of a run that ends n handshakes a second.
func at(d *dial, elapsed time.Duration, perSecond float64) {
	d.set(elapsed, engine.Progress{Success: uint64(perSecond * elapsed.Seconds()), InFlight: 250})
}

func TestDialFitsTheTerminal(t *testing.T) {
	d := &dial{goal: goal{conns: 200000}}
	at(d, time.Second, 10000)
	at(d, 2*time.Second, 10000)
	for _, c := range []struct {
		width       int
		left, right string
	}{
		{100, " 10%", "18s left  10000/s  fail 0  in flight 250  20000/200000"},
		{60, " 10%", "18s left  10000/s  fail 0  in flight 250"},
		{40, " 10%", "18s left  10000/s  fail 0"},
		{30, " 10%", "18s left  10000/s"},
		{18, " 10%", "18s left"},
		{17, " 10%", ""},
		{4, " 10%", ""},
		{3, "", ""},
		{0, "", ""},
	} {
		if got := d.left(c.width); got != c.left {
			t.Errorf("width %d: left %q, want %q", c.width, got, c.left)
		}
		if got := d.right(c.width); got != c.right {
			t.Errorf("width %d: right %q, want %q", c.width, got, c.right)
		}
	}
}

func TestDialTimeLeft(t *testing.T) {
	for _, c := range []struct {
		name     string
		goal     goal
		elapsed  time.Duration
		progress engine.Progress
		want     string
	}{
		{"at half", goal{conns: 1000}, time.Second, engine.Progress{Success: 400, Fail: 100}, "1s left"},
		{"minutes", goal{conns: 126}, time.Second, engine.Progress{Success: 1}, "2m05s left"},
		{"hours", goal{conns: 7321}, time.Second, engine.Progress{Success: 1}, "2h02m left"},
		{"nothing ended yet", goal{conns: 1000}, time.Second, engine.Progress{}, "- left"},
		{"for ever", goal{conns: 1 << 62}, time.Second, engine.Progress{Success: 1}, "- left"},
		{"duration", goal{duration: 90 * time.Second}, 30 * time.Second, engine.Progress{}, "30s/1m30s"},
		{"duration over", goal{duration: time.Second}, 3 * time.Second, engine.Progress{}, "1s/1s"},
	} {
		d := &dial{goal: c.goal}
		d.set(c.elapsed, c.progress)
		last, rate := d.now()
		if got := d.timeLeft(last, rate); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDialRateIsOfTheLastTwoSeconds(t *testing.T) {
	d := &dial{goal: goal{conns: 1 << 40}}
	if _, rate := d.now(); rate != 0 {
		t.Errorf("rate %v before the first reading", rate)
	}
	done := uint64(0)
	for i := range 40 {
		if i < 20 {
			done += 100
		} else {
			done += 1000
		}
		d.set(time.Duration(i)*refreshEvery, engine.Progress{Success: done})
	}
	if _, rate := d.now(); rate != 4000 {
		t.Errorf("rate %v, want that of the end only, 4000", rate)
	}
	if n := len(d.readings); n != window+1 {
		t.Errorf("%d readings are kept, want %d", n, window+1)
	}
}

func TestDialShare(t *testing.T) {
	d := &dial{goal: goal{duration: 10 * time.Second}}
	d.set(12*time.Second, engine.Progress{})
	if got := d.left(80); got != "100%" {
		t.Errorf("share %q after the duration, want 100%%", got)
	}
}
