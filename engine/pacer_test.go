package engine

import (
	"testing"
	"time"
)

// closedLoop returns the pacer of a closed loop with enough slots.
func closedLoop(connections int64, low, high int) pacer {
	return newPacer(Load{Connections: connections, Low: low, High: high}, 1<<20, nil)
}

// TestPacerWatermarks checks the ancestor's rule: start until in-flight reaches high, then
// not before it falls below low.
func TestPacerWatermarks(t *testing.T) {
	p := closedLoop(100, 2, 4)
	for i, step := range []struct {
		inFlight int
		want     pace
	}{
		{0, paceResume}, {1, paceStart}, {2, paceStart}, {3, paceStart},
		{4, paceThrottle}, {4, paceHold}, {3, paceHold}, {2, paceHold},
		{1, paceResume}, {2, paceStart}, {3, paceStart}, {5, paceThrottle}, {0, paceResume},
	} {
		if got, _ := p.next(0, step.inFlight, step.inFlight); got != step.want {
			t.Fatalf("step %d with %d in flight: got %d, want %d", i, step.inFlight, got, step.want)
		}
	}
}

func TestPacerStopsAtItsCount(t *testing.T) {
	p := closedLoop(3, 1, 10)
	starts := 0
	for range 10 {
		if say, _ := p.next(0, starts, starts); say.starts() {
			starts++
		}
	}
	if starts != 3 || !p.done() {
		t.Fatalf("%d starts, done %v; want 3, and done", starts, p.done())
	}
}

// TestPacerWithoutCount: starts end with the duration, or with stop.
func TestPacerWithoutCount(t *testing.T) {
	for name, end := range map[string]func(*pacer) (nowNs int64){
		"duration": func(*pacer) int64 { return int64(time.Second) },
		"stopped":  func(p *pacer) int64 { p.stop(0); return 0 },
	} {
		p := newPacer(Load{Duration: time.Second, Low: 1, High: 1}, 10, nil)
		for i := range 1000 {
			if say, _ := p.next(int64(time.Second)-1, 0, 0); !say.starts() {
				t.Fatalf("%s: start %d refused: %d", name, i, say)
			}
		}
		if say, atNs := p.next(end(&p), 0, 0); say != paceHold || atNs != never || !p.done() {
			t.Errorf("%s: %d, ask again at %d, done %v; want to hold forever", name, say, atNs, p.done())
		}
	}
}

// TestPacerStamps: the stamp of a start is now; that of a hold is when to ask again.
func TestPacerStamps(t *testing.T) {
	p := newPacer(Load{Duration: 1000, Low: 1, High: 1}, 1, nil)
	for i, step := range []struct {
		nowNs          int64
		inFlight, open int
		want           pace
		wantNs         int64
	}{
		{10, 0, 0, paceResume, 10},
		{20, 1, 1, paceFull, 1000},
		{30, 1, 1, paceHold, 1000},
		{40, 1, 0, paceThrottle, 1000},
		{50, 1, 0, paceHold, 1000},
		{60, 0, 0, paceResume, 60},
		{70, 0, 1, paceFull, 1000}, // another wait: a slot was free in between
	} {
		if say, atNs := p.next(step.nowNs, step.inFlight, step.open); say != step.want || atNs != step.wantNs {
			t.Errorf("step %d: %d at %d, want %d at %d", i, say, atNs, step.want, step.wantNs)
		}
	}
	p.rest(500)
	if say, atNs := p.next(80, 0, 0); say != paceHold || atNs != 500 {
		t.Errorf("resting: %d, ask again at %d; want to hold until 500", say, atNs)
	}
	p.rest(2000)
	if _, atNs := p.next(90, 0, 0); atNs != 1000 {
		t.Errorf("resting beyond the end: ask again at %d, want 1000", atNs)
	}
}

// TestPacerOpenLoop: starts are made when they are due, or late, and do not move. They wait
// for no connection, but for a slot and for the end of a shortage.
func TestPacerOpenLoop(t *testing.T) {
	p := newPacer(constant(1e6, 10*time.Microsecond), 5, nil) // one in 1000 ns, until 10000 ns
	for i, step := range []struct {
		nowNs  int64
		open   int
		want   pace
		wantNs int64
	}{
		{0, 0, paceStart, 0},
		{10, 1, paceHold, 1000},
		{1003, 1, paceStart, 1000},
		{1004, 2, paceHold, 2000},
		{4500, 2, paceStart, 2000}, // late
		{4510, 3, paceStart, 3000},
		{4520, 4, paceStart, 4000},
		{4530, 5, paceHold, 5000}, // not due: a slot is not missing yet
		{5100, 5, paceFull, 10000},
		{5200, 5, paceHold, 10000},
		{6500, 4, paceStart, 5000},
	} {
		if say, atNs := p.next(step.nowNs, 0, step.open); say != step.want || atNs != step.wantNs {
			t.Fatalf("step %d: %d at %d, want %d at %d", i, say, atNs, step.want, step.wantNs)
		}
	}
	p.rest(7000)
	if say, atNs := p.next(6600, 0, 0); say != paceHold || atNs != 7000 {
		t.Errorf("%d at %d during a shortage, want to hold until 7000", say, atNs)
	}
	if say, atNs := p.next(10000, 0, 0); say != paceHold || atNs != never || !p.done() {
		t.Errorf("%d at %d, done %v at the end, want to hold forever", say, atNs, p.done())
	}
	if owed := p.owed(); owed != 4 { // those of 6000 to 9000
		t.Errorf("%d starts are owed, want 4", owed)
	}
}

// TestPacerOwes: what was due when the run was interrupted, of what was left to start.
func TestPacerOwes(t *testing.T) {
	counted := constant(1e6, 0)
	counted.Connections, counted.Duration = 7, 0
	for _, c := range []struct {
		name   string
		load   Load
		starts int
		stopNs int64
		want   uint64
	}{
		{"by time", constant(1e6, time.Second), 3, 5500, 3}, // those of 3000, 4000 and 5000
		{"nothing due", constant(1e6, time.Second), 3, 3000, 0},
		{"by count", counted, 3, 5500, 3},
		{"by count, few left", counted, 6, 9999, 1},
		{"all started", counted, 7, 9999, 0},
		{"closed loop", Load{Connections: 10, Low: 1, High: 1}, 1, 9999, 0},
	} {
		p := newPacer(c.load, 100, nil)
		for range c.starts {
			if say, _ := p.next(7000, 0, 0); !say.starts() {
				t.Fatalf("%s: not started", c.name)
			}
		}
		p.stop(c.stopNs)
		if got := p.owed(); got != c.want {
			t.Errorf("%s: %d starts are owed, want %d", c.name, got, c.want)
		}
	}
}
