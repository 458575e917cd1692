package report

import (
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestKernel: segments that were sent again are shown beside something that tells more.
func TestKernel(t *testing.T) {
	r := example.Plain()
	for _, step := range []struct {
		counter stats.KernelCounter
		parts   int
	}{{stats.KernelRetransSegs, 0}, {stats.KernelListenDrops, 1}} {
		r.Kernel.Known = true
		r.Kernel.Counts[step.counter] = 7
		if s := kernel(r); len(s.parts) != step.parts {
			t.Errorf("with %v: %d parts, want %d", step.counter, len(s.parts), step.parts)
		}
	}
	if rows := kernel(r).parts[0].(table).rows; len(rows) != 2 {
		t.Errorf("rows %v, want both counters", rows)
	}
}
