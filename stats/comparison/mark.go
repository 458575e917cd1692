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

// words say what runs with a mark were like: "in 3 runs ...".
var words = map[Mark]string{
	MarkFailed:      "connections failed",
	MarkClient:      "wsperf itself was the bottleneck",
	MarkShared:      "wsperf and the testee competed for the same CPUs",
	MarkQuota:       "a CPU quota stopped wsperf",
	MarkInterrupted: "the run was interrupted",
	MarkSteal:       "the hypervisor took CPU time",
	MarkPressure:    "tasks waited for memory or disk",
	MarkThrottled:   "a CPU was throttled",
}

// marks is the order in which they are told.
var marks = []Mark{MarkFailed, MarkClient, MarkShared, MarkQuota, MarkInterrupted, MarkSteal, MarkPressure, MarkThrottled}

// Shares of a run from which on the machine was disturbed.
const (
	mostSteal    = 0.02
	mostPressure = 0.05
)

func marksOf(r *stats.Result) (all []Mark) {
	for _, m := range []struct {
		mark Mark
		is   bool
	}{
		{MarkFailed, r.Fail > 0},
		{MarkClient, r.Verdict.Kind == stats.BottleneckClient},
		{MarkShared, r.Verdict.Kind == stats.BottleneckShared},
		{MarkQuota, r.Verdict.Kind == stats.BottleneckQuota},
		{MarkInterrupted, r.Interrupted},
		{MarkSteal, stolen(r) > mostSteal},
		{MarkPressure, pressed(r) > mostPressure},
		{MarkThrottled, throttled(r)},
	} {
		if m.is {
			all = append(all, m.mark)
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
