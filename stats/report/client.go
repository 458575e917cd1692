package report

import (
	"fmt"
	"strconv"

	"wsperf/stats"
)

// maxLoopsListed bounds the rows of the table of loops: more than those of a machine.
const maxLoopsListed = 512

// loops shows how the work was divided among several loops.
func loops(r *stats.Result) (s Section) {
	switch n := len(r.Loops); {
	case n < 2:
		return s
	case n > maxLoopsListed:
		return Section{Title: "Loops", Parts: []Part{manyLoops(r)}}
	}
	t := Table{Columns: []Column{{"loop", 5}, {"cpu", 4}, {"started", 10}, {"share %", 8}, {"cpu time s", 11}, {"busy %", 7}}}
	short := len(shortcuts(r)) > 0
	if short {
		t.Columns = append(t.Columns, Column{"early %", 8}, Column{"kept %", 7})
	}
	measured := float64(r.Total - r.Unmeasured.Total())
	for i, loop := range r.Loops {
		cpu := none
		if loop.CPU >= 0 {
			cpu = strconv.Itoa(loop.CPU)
		}
		row := []string{
			strconv.Itoa(i), cpu, strconv.FormatUint(loop.Started, 10),
			percent(loop.Started, measured),
			strconv.FormatFloat(float64(loop.CPUUs)/1e6, 'f', 2, 64),
			busy(loop, r),
		}
		if short {
			row = append(row, percent(loop.EarlyWrites, float64(loop.Started)), percent(loop.KeptSockets, float64(loop.Started)))
		}
		t.Rows = append(t.Rows, row)
	}
	return Section{Title: "Loops", Parts: []Part{t}}
}

// manyLoops says between which bounds the loops of many processes were.
func manyLoops(r *stats.Result) Part {
	least, most := r.Loops[0], r.Loops[0]
	for _, l := range r.Loops {
		least.Started, most.Started = min(least.Started, l.Started), max(most.Started, l.Started)
		least.CPUUs, most.CPUUs = min(least.CPUUs, l.CPUUs), max(most.CPUUs, l.CPUUs)
	}
	return Sentence(fmt.Sprintf("Each of %d loops started %d to %d connections, in %.2f to %.2f s of CPU time.",
		len(r.Loops), least.Started, most.Started, float64(least.CPUUs)/1e6, float64(most.CPUUs)/1e6))
}

func busy(l stats.LoopResult, r *stats.Result) string {
	if l.Waits == 0 {
		return none
	}
	return percent(uint64(max(0, l.BusyUs)), float64(r.Duration().Microseconds()))
}

func percent(n uint64, of float64) string {
	return strconv.FormatFloat(ratio(100*float64(n), of), 'f', 1, 64)
}

// shortcuts tells how many connections went which way. It says nothing where none took a
// shortcut, as across a network, or in a file that is older than the counts.
func shortcuts(r *stats.Result) (d Details) {
	var early, kept, started uint64
	for _, loop := range r.Loops {
		early, kept, started = early+loop.EarlyWrites, kept+loop.KeptSockets, started+loop.Started
	}
	if early > 0 {
		text := fmt.Sprintf("%d of %d connections were established when connect(2) returned", early, started)
		if early < started {
			text += "; phase connect of the others contains the time until their loop saw it"
		}
		d = append(d, Detail{"Early", text})
	}
	if kept > 0 {
		d = append(d, Detail{"Kept", fmt.Sprintf("%d of %d connections left their socket to another one", kept, started)})
	}
	return d
}

// activity tells how busy the loops were, if that is known.
func activity(r *stats.Result) (d Details) {
	var all stats.LoopResult
	for _, l := range r.Loops {
		all.BusyUs, all.RunWaitUs = all.BusyUs+l.BusyUs, all.RunWaitUs+l.RunWaitUs
		all.Waits, all.Events, all.MaxBatch = all.Waits+l.Waits, all.Events+l.Events, max(all.MaxBatch, l.MaxBatch)
	}
	window := float64(r.Duration().Microseconds()) * float64(len(r.Loops))
	if all.Waits == 0 || window <= 0 {
		return nil
	}
	text := fmt.Sprintf("%.0f %% of the window, waiting for a CPU in %.1f %%; %.1f events per epoll_wait, %d at most",
		100*float64(all.BusyUs)/window, 100*float64(all.RunWaitUs)/window, float64(all.Events)/float64(all.Waits), all.MaxBatch)
	return Details{{"Busy", text}}
}

// lag tells how long responses waited for wsperf.
func lag(r *stats.Result) (d Details) {
	h := r.Phases[stats.PhaseLag].Success
	if h.TotalCount() == 0 {
		return nil
	}
	where := "phase open contains that"
	if r.Setup.Timestamps == stats.TimestampsKernel {
		where = "phase open does not contain that"
	}
	return Details{{"Lag", fmt.Sprintf("%s at the median, %s at q99 of %d responses, which waited for wsperf: %s",
		duration(h.ValueAtPercentile(50)), duration(h.ValueAtPercentile(99)), h.TotalCount(), where)}}
}

// client shows what the run cost the process that made the load.
func client(r *stats.Result) (s Section) {
	if r.Total > 0 && r.Total == r.Unmeasured.Total() {
		return s
	}
	c := &r.Client
	d := Details{
		{"CPU", fmt.Sprintf("%.1f us user, %.1f us system per connection started",
			r.PerConnection(c.UserUs), r.PerConnection(c.SystemUs))},
		{"Memory", fmt.Sprintf("%.1f MB at the peak", float64(c.PeakMemoryBytes)/1e6)},
		{"Heap", fmt.Sprintf("%d allocations, %d collections in the window", c.Allocations, c.Collections)},
		{"Switches", fmt.Sprintf("%d voluntary, %d involuntary", c.VoluntarySwitches, c.InvoluntarySwitches)},
	}
	d = append(d, activity(r)...)
	d = append(d, lag(r)...)
	d = append(d, hardware(r)...)
	d = append(d, ceiling(r)...)
	d = append(d, shortcuts(r)...)
	if c.SlotWaits > 0 {
		d = append(d, Detail{"Waits", waits(r)})
	}
	if c.ShortageWaits > 0 {
		d = append(d, Detail{"Shortages", fmt.Sprintf(
			"%d pauses because there was no port, descriptor or memory for the next connection", c.ShortageWaits)})
	}
	if c.Stalls > 0 {
		d = append(d, Detail{"Stalls", fmt.Sprintf(
			"%d, %.1f s together, %.1f s the longest: a loop did not run, and phases of connections open then contain it; do not stop the client, and leave it its CPUs",
			c.Stalls, float64(c.StalledUs)/1e6, float64(c.LongestStallUs)/1e6)})
	}
	return Section{Title: "Client", Parts: []Part{d}}
}

// openLimits says what set the limit of open connections, and how to raise it.
var openLimits = map[stats.OpenLimit]string{
	stats.LimitDescriptors:  "the descriptor limit: raise the hard one (ulimit -Hn)",
	stats.LimitPorts:        "the local ports: give more --source addresses, or widen net.ipv4.ip_local_port_range",
	stats.LimitMemory:       "the memory that was available on the machine: free some",
	stats.LimitCgroup:       "the memory limit of the cgroup: raise memory.max (memory.limit_in_bytes in version 1)",
	stats.LimitAddressSpace: "the limit of the address space: raise it (ulimit -v)",
}

// waits says why starts waited. An older file does not tell, nor does a merged result of
// runs with different limits.
func waits(r *stats.Result) string {
	return fmt.Sprintf("%d starts were late because only %d connections could be open at once, by %s", r.Client.SlotWaits, r.Setup.MaxOpen, openLimit(r))
}

func openLimit(r *stats.Result) string {
	if limit, known := openLimits[r.Setup.MaxOpenBy]; known {
		return limit
	}
	return "a limit of descriptors, local ports or memory"
}
