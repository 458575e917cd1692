package stats

import "errors"

// MergeResults merges several results, such as those of processes that ran at the
// same time, into a new one. It does not modify its arguments; the new result shares
// their logs.
//
//   - The measured window goes from the earliest Started to the latest Ended. It
//     includes the pauses between runs that did not overlap.
//   - Counts, StatusCodes, Errnos, TLS and histograms are added, Loops are concatenated.
//   - Load: added, except for Mode, which is empty if the results have different ones.
//   - Setup: Loops, Connections, WarmupConnections, Low, High, Rate and MaxOpen are added,
//     CPUs are concatenated, DurationUs, WarmupUs and Samples are the maximum. Any other field keeps its
//     value if all results have the same one, and is zero otherwise.
//   - Replies: for each cause the first Setup.Samples of the merged Setup, in the order
//     of the results.
//   - Client: added, except for PeakMemoryBytes, which is the maximum.
//   - Loaded goes from the earliest first start to the latest last start. It is zero if
//     that of any result with a connection is.
//   - TesteeCost: of results whose windows overlap, at the same address, the one with the most
//     CPU time, because they saw the same processes. Those of others are added.
//   - Counters are added. There are none unless all results with a connection have some.
//   - Provenance keeps what all results have in common. Differences says what they differ in:
//     versions, machine, testee, load.
//   - Kernel and Machines: those of different places are concatenated, and two of the same
//     place are merged as KernelResult says; results should be in the order of their windows.
//     They are dropped if a result with a connection has none, or if they are too many for a
//     result file.
//   - Verdict: the worst of all, in the order of the bottlenecks' table. It has those of all
//     results as its parts, and is not known unless those of all with a connection are.
//   - Calibration is that of a result alone.
//   - Findings are dropped: what holds for the parts need not hold for their sum.
//   - Intervals are added by their offset from the start of each result's window. There are
//     none unless all results with a connection have some, of the same length.
//   - Interrupted is set if any result has it. Log is set only if all results have one.
//
// It fails if there is no result, or if a histogram cannot hold all values.
func MergeResults(rs ...*Result) (*Result, error) {
	if len(rs) == 0 {
		return nil, errors.New("no results to merge")
	}
	res := newResult()
	res.Setup, res.Load = mergeSetups(rs), rs[0].Load
	res.Started, res.Ended = rs[0].Started, rs[0].Ended
	for _, r := range rs {
		if err := res.addResult(r); err != nil {
			return nil, err
		}
	}
	for _, r := range rs[1:] {
		merge(&res.Load, &r.Load, mergeSum)
	}
	res.Log = mergeLogs(rs)
	res.Loaded = mergeLoaded(rs)
	res.Counters = mergeCounters(rs)
	res.TesteeCost = mergeTesteeCosts(rs)
	res.mergeProvenance(rs)
	res.dropPartialEvidence(rs)
	res.Verdict, res.Calibration = mergeVerdicts(rs), mergeCalibrations(rs)
	var err error
	res.Intervals, err = mergeIntervals(rs)
	return res, err
}

func (r *Result) addResult(other *Result) error {
	r.addEvidence(other)
	r.addWindow(other)
	r.Counts.Add(&other.Counts)
	for code, n := range other.StatusCodes {
		r.StatusCodes[code] += n
	}
	for c := range other.Errnos {
		for errno, n := range other.Errnos[c] {
			r.AddErrno(Cause(c), errno, n)
		}
	}
	for p := range r.Phases {
		if err := r.Phases[p].add(Phase(p), other.Phases[p]); err != nil {
			return err
		}
	}
	r.TLS.add(&other.TLS)
	r.Loops = append(r.Loops, other.Loops...)
	r.Client.add(other.Client)
	r.addReplies(other)
	return nil
}

// addEvidence adds what kernels and machines did. Results whose windows overlap have seen the
// same events of the same place.
func (r *Result) addEvidence(other *Result) {
	rule := mergeSum
	if r.Started.Before(other.Ended) && other.Started.Before(r.Ended) {
		rule = mergeMax
	}
	r.addKernels(other, rule)
	r.addMachines(other, rule)
}

// dropPartialEvidence drops evidence that does not cover all connections, or that is too much.
func (r *Result) dropPartialEvidence(rs []*Result) {
	kernel, machines := len(r.Kernel) <= MaxPlaces, len(r.Machines) <= MaxPlaces && r.cpus() <= maxCPUs
	for _, other := range rs {
		kernel = kernel && (other.Total == 0 || len(other.Kernel) > 0)
		machines = machines && (other.Total == 0 || len(other.Machines) > 0)
	}
	if !kernel {
		r.Kernel = nil
	}
	if !machines {
		r.Machines = nil
	}
}

func (r *Result) addWindow(other *Result) {
	if other.Started.Before(r.Started) {
		r.Started = other.Started
	}
	if other.Ended.After(r.Ended) {
		r.Ended = other.Ended
	}
	r.Interrupted = r.Interrupted || other.Interrupted
}

func (c *ClientCost) add(other ClientCost) { merge(c, &other, mergeSum) }

func mergeLogs(rs []*Result) []*ConnLog {
	var logs []*ConnLog
	for _, r := range rs {
		if r.Log == nil {
			return nil
		}
		logs = append(logs, r.Log...)
	}
	return logs
}

func mergeSetups(rs []*Result) Setup {
	merged := rs[0].Setup
	for _, r := range rs[1:] {
		merge(&merged, &r.Setup, mergeCommon)
	}
	return merged
}
