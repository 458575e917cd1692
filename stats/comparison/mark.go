package comparison

import "wsperf/stats"

// Mark is something about a run that weighs on what it says of its testee. The values are in
// documents and stay as they are.
type Mark string

// The marks.
const (
	MarkFailed      Mark = "failed"      // some of its connections failed
	MarkClient      Mark = "client"      // the verdict: wsperf was the bottleneck
	MarkShared      Mark = "shared"      // the verdict: wsperf and the testee competed for CPUs
	MarkQuota       Mark = "quota"       // the verdict: a CPU quota of wsperf's
	MarkInterrupted Mark = "interrupted" // it did not come to its end
	MarkSteal       Mark = "steal"       // the hypervisor took CPU time
	MarkPressure    Mark = "pressure"    // tasks waited for memory or disk
	MarkThrottled   Mark = "throttled"   // a CPU was too hot
)

// Shares of a run from which on the machine was disturbed.
const (
	mostSteal    = 0.02
	mostPressure = 0.05
)

// markRow is what there is to say of a mark.
type markRow struct {
	mark   Mark
	words  string // of the runs that have it: "in 3 runs ..."
	weight string // what it means for the conclusion; empty: nothing more
	of     func(*stats.Result) bool
}

// Weights of marks.
const (
	hidden    = "testees can differ by more than is shown"
	disturbed = "the machine was disturbed"
)

// marks is the table of marks, in the order in which they are told. A new one is a row.
func marks() []markRow {
	bounded := func(by stats.Bottleneck) func(*stats.Result) bool {
		return func(r *stats.Result) bool { return r.Verdict.Kind == by }
	}
	return []markRow{
		{MarkFailed, "connections failed", "rates and times are of the others", func(r *stats.Result) bool { return r.Fail > 0 }},
		{MarkClient, "wsperf itself was the bottleneck", hidden, bounded(stats.BottleneckClient)},
		{MarkShared, "wsperf and the testee competed for the same CPUs", hidden, bounded(stats.BottleneckShared)},
		{MarkQuota, "a CPU quota stopped wsperf", hidden, bounded(stats.BottleneckQuota)},
		{MarkInterrupted, "the run was interrupted", "", func(r *stats.Result) bool { return r.Interrupted }},
		{MarkSteal, "the hypervisor took CPU time", disturbed, func(r *stats.Result) bool { return stolen(r) > mostSteal }},
		{MarkPressure, "tasks waited for memory or disk", disturbed, func(r *stats.Result) bool { return pressed(r) > mostPressure }},
		{MarkThrottled, "a CPU was throttled", disturbed, throttled},
	}
}

func marksOf(r *stats.Result) (all []Mark) {
	for _, row := range marks() {
		if row.of(r) {
			all = append(all, row.mark)
		}
	}
	return all
}

// stolen returns the share of the CPU time that the hypervisor took.
func stolen(r *stats.Result) float64 {
	var stolen, all int64
	for _, m := range r.Machines {
		for _, c := range m.CPUs {
			stolen, all = stolen+c.StealUs, all+c.TotalUs()
		}
	}
	return float64(stolen) / float64(max(1, all))
}

// pressed returns the share of the time in which some task waited for memory or disk.
func pressed(r *stats.Result) (most float64) {
	for _, m := range r.Machines {
		waited := max(m.Pressure.MemoryUs, m.Pressure.IOUs)
		most = max(most, float64(waited)/float64(max(1, r.Duration().Microseconds())))
	}
	return most
}

func throttled(r *stats.Result) bool {
	for _, m := range r.Machines {
		if m.ThermalThrottles > 0 {
			return true
		}
	}
	return false
}
