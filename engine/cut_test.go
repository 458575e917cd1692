//go:build !race

package engine

import (
	"testing"
	"time"
)

// TestCutIsShort: a loop hands an interval over without a pause that would be measured. The
// bound is for the shortest of many cuts, so only the code can break it, or the race detector.
func TestCutIsShort(t *testing.T) {
	l, shortest := intervalLoop(), time.Hour
	for range 200 {
		shortest = min(shortest, cutFull(l))
	}
	if shortest > 100*time.Microsecond {
		t.Errorf("the shortest of 200 cuts took %v", shortest)
	}
	t.Logf("a cut takes %v", shortest)
}
