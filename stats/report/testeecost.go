package report

import (
	"fmt"
	"strconv"
	"strings"

	"wsperf/stats"
)

// testeeUnknown says why nothing is known of the testee's cost, and what to do.
var testeeUnknown = map[stats.TesteeUnknown]string{
	stats.TesteeElsewhere:    "not on this machine, or in another network namespace (give --pid or --cgroup)",
	stats.TesteeNotPermitted: "processes of other users may not be looked into (run as root, or give --pid)",
	stats.TesteeNoProcess:    "no other process was found to listen at its address (give --pid or --cgroup)",
	stats.TesteeNotWanted:    "it was not looked for (--pid none)",
	stats.TesteeDescriptors:  "the descriptor limit leaves too few to look at it (raise it: ulimit -n)",
	stats.TesteeTooLate:      "too many processes to search for it in time (give --pid or --cgroup)",
	stats.TesteeNotInAll:     "it is not known of all runs",
}

// testeeCost shows what the testee used on this machine, or why that is not known.
func testeeCost(r *stats.Result) (s Section) {
	c := &r.TesteeCost
	switch {
	case c.IsZero():
		return s
	case !c.Known():
		why, found := testeeUnknown[c.Unknown]
		if !found { // of a later version
			why = Escaped(string(c.Unknown))
		}
		return Section{Title: "Testee", Parts: []Part{Details{{"Cost", "not known: " + why}}}}
	}
	d := Details{{"CPU", fmt.Sprintf("%.1f us user, %.1f us system per connection started, of %s",
		r.PerConnection(c.UserUs), r.PerConnection(c.SystemUs), testeeProcesses(c))}}
	d = append(d, testeeThreads(c)...)
	d = append(d, Detail{"Memory", fmt.Sprintf("%.1f MB at the peak, %.1f MB at the end", float64(c.PeakMemoryBytes)/1e6, float64(c.MemoryBytes)/1e6)})
	if c.Descriptors > 0 {
		d = append(d, Detail{"Files", fmt.Sprintf("%d descriptors open at most", c.Descriptors)})
	}
	d = append(append(d, testeeCPUs(c)...), testeeHardware(r)...)
	if c.Missed > 0 {
		d = append(d, Detail{"Missed", fmt.Sprintf("%d processes were too many to look at: their cost is missing", c.Missed)})
	}
	if c.Hidden > 0 {
		d = append(d, Detail{"Hidden", fmt.Sprintf("the processes of %d of its listening sockets were not found", c.Hidden)})
	}
	return Section{Title: "Testee", Parts: []Part{d}}
}

func testeeProcesses(c *stats.TesteeCost) string {
	text := "1 process"
	if c.Processes > 1 {
		text = strconv.Itoa(c.Processes) + " processes"
	}
	if c.Ended > 0 {
		text += fmt.Sprintf(", %d ended", c.Ended)
	}
	return text
}

// testeeThreads says nothing of single threads if these were too many to be watched.
func testeeThreads(c *stats.TesteeCost) Details {
	if c.Unwatched > 0 {
		return Details{{"Threads", fmt.Sprintf("%d, too many to look at each", c.Threads)}}
	}
	return Details{
		{"Threads", fmt.Sprintf("%d; the busiest used %.1f %% of a CPU; all together waited %.3f s for a CPU", c.Threads, 100*c.BusiestShare, float64(c.RunWaitUs)/1e6)},
		{"Switches", fmt.Sprintf("%d involuntary", c.InvoluntarySwitches)},
	}
}

func testeeCPUs(c *stats.TesteeCost) Details {
	var texts []string
	if c.CPUs > 0 {
		text := strconv.Itoa(c.CPUs) + " allowed"
		if list := Escaped(c.AllowedCPUs); list != "" && len(list) <= 40 {
			text += " (" + list + ")"
		}
		texts = append(texts, text)
	}
	if c.QuotaCPUs > 0 {
		texts = append(texts, fmt.Sprintf("a quota of %.2f", c.QuotaCPUs))
	}
	if len(texts) == 0 {
		return nil
	}
	return Details{{"CPUs", strings.Join(texts, ", ")}}
}
