package report

import (
	"strconv"

	"wsperf/stats"
)

// kernel shows the counters of the kernel that grew, each with what it means. Segments are sent
// again in good runs too (tail loss probes), so that alone is not shown.
func kernel(r *stats.Result) (s section) {
	others := r.Kernel.Counts
	others[stats.KernelRetransSegs] = 0
	if others == ([stats.NumKernelCounters]uint64{}) {
		return s
	}
	t := table{columns: []column{{"count", 9}, {"counter", -20}, {"what it counts on this machine", -1}}}
	for c := range stats.KernelCounter(stats.NumKernelCounters) {
		if n := r.Kernel.Counts[c]; n > 0 {
			t.rows = append(t.rows, []string{strconv.FormatUint(n, 10), c.String(), c.Meaning()})
		}
	}
	return section{"Kernel", []part{t}}
}
