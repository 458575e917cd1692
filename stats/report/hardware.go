package report

import (
	"fmt"
	"slices"
	"strings"

	"wsperf/stats"
)

// events are the counters that the report knows, in its order.
var events = []struct{ key, name string }{
	{"cycles", "cycles"}, {"instructions", "instructions"}, {"cache_misses", "cache misses"}, {"branch_misses", "branch misses"},
}

// hardware shows what the performance counters counted per connection, and names those that
// are absent. It says nothing if all are, as on most virtual machines.
func hardware(r *stats.Result) Details {
	counted := eventsOf(r, &r.Counters)
	if len(counted) == 0 {
		return nil
	}
	return countersLine(&r.Counters, counted, "of the loops", absentEvents(&r.Counters, nil))
}

// testeeHardware is the same for the testee. What is absent for the reason for which the loops
// lack it too is not repeated.
func testeeHardware(r *stats.Result) Details {
	c := &r.TesteeCost.Counters
	absent := absentEvents(c, r.Counters.Absent)
	switch counted := eventsOf(r, c); {
	case len(counted) > 0:
		return countersLine(c, counted, "of its threads", absent)
	case c.Known() && len(absent) > 0:
		return Details{{"Counters", "not counted: " + strings.Join(reasons(c, absent), "; ")}}
	}
	return nil
}

func countersLine(c *stats.Counters, counted []string, whose string, absent []int) Details {
	text := strings.Join(counted, ", ") + " per connection started, " + whose
	if c.UserOnly {
		text += " in user space"
	}
	if len(absent) > 0 {
		var names []string
		for _, i := range absent {
			names = append(names, events[i].name)
		}
		text += "; not counted: " + strings.Join(names, ", ")
	}
	return Details{{"Counters", text}}
}

// eventsOf returns the counts per connection.
func eventsOf(r *stats.Result, c *stats.Counters) (counted []string) {
	for _, e := range events {
		if n, found := c.Counts[e.key]; found {
			counted = append(counted, fmt.Sprintf("%.0f %s", r.PerConnection(int64(n)), e.name))
		}
	}
	return counted
}

// absentEvents returns the indexes of the events without a count, but of those that others lack
// for the same reason.
func absentEvents(c *stats.Counters, others map[string]string) (absent []int) {
	for i, e := range events {
		_, found := c.Counts[e.key]
		if reason, same := others[e.key]; !found && !(same && reason == c.Absent[e.key]) {
			absent = append(absent, i)
		}
	}
	return absent
}

// absentBecause says why the testee's events are absent, and what to do.
var absentBecause = map[string]string{
	"EACCES": "wsperf may not look into the testee (run as its user or as root)",
	"EPERM":  "wsperf may not look into the testee (run as its user or as root)",
	"EMFILE": "the descriptor limit leaves too few (raise it: ulimit -n)",
	"ESRCH":  "all its threads had ended",
}

// reasons returns why events are absent, each reason once.
func reasons(c *stats.Counters, absent []int) (texts []string) {
	for _, i := range absent {
		reason := c.Absent[events[i].key]
		text, found := absentBecause[reason]
		if !found {
			text = Escaped(reason)
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}
