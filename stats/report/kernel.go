package report

import (
	"strconv"

	"wsperf/stats"
)

// kernel shows the counters of the kernel that grew, each with what it means.
func kernel(r *stats.Result) (s section) {
	t := table{columns: []column{{"count", 9}, {"counter", -20}, {"what it counts on this machine", -1}}}
	for c := range stats.KernelCounter(stats.NumKernelCounters) {
		if n := r.Kernel.Counts[c]; n > 0 {
			t.rows = append(t.rows, []string{strconv.FormatUint(n, 10), c.String(), c.Meaning()})
		}
	}
	if len(t.rows) == 0 {
		return s
	}
	return section{"Kernel", []part{t}}
}
