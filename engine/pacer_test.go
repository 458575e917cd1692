package engine

import "testing"

// TestPacerWatermarks walks through the ancestor's rule: start until high is
// reached, then not before in-flight is below low.
func TestPacerWatermarks(t *testing.T) {
	p := newPacer(100, 2, 4)
	for i, step := range []struct {
		inFlight int
		want     pace
	}{
		{0, paceResume}, {1, paceStart}, {2, paceStart}, {3, paceStart},
		{4, paceThrottle}, {4, paceHold}, {3, paceHold}, {2, paceHold},
		{1, paceResume}, {2, paceStart}, {3, paceStart}, {5, paceThrottle}, {0, paceResume},
	} {
		if got := p.next(step.inFlight); got != step.want {
			t.Fatalf("step %d with %d in flight: got %d, want %d", i, step.inFlight, got, step.want)
		}
	}
}

func TestPacerEndsAtItsCount(t *testing.T) {
	p := newPacer(3, 1, 10)
	starts := 0
	for range 10 {
		if next := p.next(starts); next == paceStart || next == paceResume {
			p.started()
			starts++
		}
	}
	if starts != 3 {
		t.Fatalf("%d starts, want 3", starts)
	}
}

func TestPacerWithoutCountEndsWhenStopped(t *testing.T) {
	p := newPacer(unlimited, 1, 1)
	for i := range 1000 {
		if next := p.next(0); next != paceStart && next != paceResume {
			t.Fatalf("start %d refused: %d", i, next)
		}
		p.started()
	}
	p.stop()
	if next := p.next(0); next != paceHold {
		t.Fatalf("after stop: %d, want paceHold", next)
	}
}

func TestSharesAddUp(t *testing.T) {
	for total := range 40 {
		for n := 1; n <= 9; n++ {
			sum, least, most := 0, total, 0
			for i := range n {
				part := share(total, n, i)
				sum += part
				least, most = min(least, part), max(most, part)
			}
			if sum != total || most-least > 1 {
				t.Fatalf("share of %d over %d: sum %d, parts %d to %d", total, n, sum, least, most)
			}
		}
	}
}
