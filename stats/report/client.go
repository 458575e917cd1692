package report

import (
	"fmt"
	"strconv"

	"wsperf/stats"
)

// loops shows how the work was divided among several loops.
func loops(r *stats.Result) (s section) {
	if len(r.Loops) < 2 {
		return s
	}
	t := table{columns: []column{{"loop", 5}, {"cpu", 4}, {"started", 10}, {"share %", 8}, {"cpu time s", 11}}}
	measured := float64(r.Total - r.Unmeasured.Total())
	for i, loop := range r.Loops {
		cpu := none
		if loop.CPU >= 0 {
			cpu = strconv.Itoa(loop.CPU)
		}
		t.rows = append(t.rows, []string{
			strconv.Itoa(i), cpu, strconv.FormatUint(loop.Started, 10),
			strconv.FormatFloat(ratio(100*float64(loop.Started), measured), 'f', 1, 64),
			strconv.FormatFloat(float64(loop.CPUUs)/1e6, 'f', 2, 64),
		})
	}
	return section{"Loops", []part{t}}
}

// client shows what the run cost the process that made the load.
func client(r *stats.Result) (s section) {
	if r.Total > 0 && r.Total == r.Unmeasured.Total() {
		return s
	}
	c := &r.Client
	d := details{
		{"CPU", fmt.Sprintf("%.1f us user, %.1f us system per connection started",
			r.PerConnection(c.UserUs), r.PerConnection(c.SystemUs))},
		{"Memory", fmt.Sprintf("%.1f MB at the peak", float64(c.PeakMemoryBytes)/1e6)},
		{"Heap", fmt.Sprintf("%d allocations, %d collections in the window", c.Allocations, c.Collections)},
		{"Switches", fmt.Sprintf("%d voluntary, %d involuntary", c.VoluntarySwitches, c.InvoluntarySwitches)},
	}
	if c.SlotWaits > 0 {
		d = append(d, detail{"Waits", fmt.Sprintf("%d starts were late because of the limit of open connections (descriptors, ports or memory)", c.SlotWaits)})
	}
	if c.ShortageWaits > 0 {
		d = append(d, detail{"Shortages", fmt.Sprintf(
			"%d pauses because there was no port, descriptor or memory for the next connection", c.ShortageWaits)})
	}
	if c.Stalls > 0 {
		d = append(d, detail{"Stalls", fmt.Sprintf(
			"%d, %.1f s together, %.1f s the longest: a loop did not run, and phases of connections open then contain it; do not stop the client, and leave it its CPUs",
			c.Stalls, float64(c.StalledUs)/1e6, float64(c.LongestStallUs)/1e6)})
	}
	return section{"Client", []part{d}}
}
