package compare

import (
	"testing"
	"time"
)

func TestHeadOfLive(t *testing.T) {
	l, begun := &live{}, time.Now()
	head := func(after time.Duration) string { return string(l.appendHead(nil, begun.Add(after))) }
	expect := func(when, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	expect("before the first turn", head(0), "")
	l.begin("round 1 of 2: gws", 4, begun)
	expect("in the first turn", head(3*time.Second), "round 1 of 2: gws (3s)")
	l.made++
	l.begin("round 1 of 2: ws", 3, begun.Add(10*time.Second))
	expect("in the second turn", head(14*time.Second), "round 1 of 2: ws (4s), 26s left")
	expect("a turn that takes longer than all were thought to", head(100*time.Second), "round 1 of 2: ws (1m30s), 0s left")
	l.begin("round 2: ws", -1, begun.Add(20*time.Second))
	expect("an unknown number of turns", head(20*time.Second), "round 2: ws (0s)")
}

// TestHeadAllocatesNothing: it is redrawn while a run is measured, and garbage is not collected then.
func TestHeadAllocatesNothing(t *testing.T) {
	l, now, buffer := &live{}, time.Now(), make([]byte, 0, 200)
	l.begin("round 1 of 2: gws", 4, now)
	if n := testing.AllocsPerRun(100, func() { l.appendHead(buffer, now) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
