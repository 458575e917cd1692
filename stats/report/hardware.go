package report

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// events are the counters that the report knows, in its order.
var events = []struct{ key, name string }{
	{"cycles", "cycles"}, {"instructions", "instructions"}, {"cache_misses", "cache misses"}, {"branch_misses", "branch misses"},
}

// hardware shows what the performance counters counted per connection, and names those that
// are absent. It says nothing if all are, as on most virtual machines.
func hardware(r *stats.Result) (d details) {
	var counted, absent []string
	for _, e := range events {
		if n, found := r.Counters.Counts[e.key]; found {
			counted = append(counted, fmt.Sprintf("%.0f %s", r.PerConnection(int64(n)), e.name))
		} else {
			absent = append(absent, e.name)
		}
	}
	if len(counted) == 0 {
		return nil
	}
	text := strings.Join(counted, ", ") + " per connection started, of the loops"
	if r.Counters.UserOnly {
		text += " in user space"
	}
	if len(absent) > 0 {
		text += "; not counted: " + strings.Join(absent, ", ")
	}
	return append(d, detail{"Counters", text})
}
