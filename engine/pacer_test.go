package engine

import (
	"testing"
	"time"
)

// closedLoop returns the pacer of a closed loop with enough slots.
func closedLoop(connections int64, low, high int) pacer {
	return newPacer(Load{Connections: connections, Low: low, High: high}, 1<<20)
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
		"stopped":  func(p *pacer) int64 { p.stop(); return 0 },
	} {
		p := newPacer(Load{Duration: time.Second, Low: 1, High: 1}, 10)
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
	p := newPacer(Load{Duration: 1000, Low: 1, High: 1}, 1)
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
