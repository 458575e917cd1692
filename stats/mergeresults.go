package stats

import "errors"

// MergeResults adds up several results, such as those of processes that ran at
// the same time, into a new one; the given ones are not changed.
//
//   - The window goes from the earliest Started to the latest Ended. A pause
//     between runs that followed each other is part of it.
//   - Counts and histograms are added, Loops are listed one after the other.
//   - Setup: Loops, Connections, Low, High and MaxOpen are added, CPUs listed one
//     after the other, DurationUs is the longest and Samples the largest. Any other
//     field is kept if all results have the same value, and is zero otherwise: no
//     single value is true.
//   - Replies: the first ones in the order of the results, of each cause as many as
//     the merged Setup.Samples.
//   - Client: added, but PeakMemoryBytes is that of the largest process.
//   - Unmeasured: added.
//   - Interrupted if any of them was. Log only if all have one.
//
// It fails without any result, and when a histogram cannot take all values.
func MergeResults(rs ...*Result) (*Result, error) {
	if len(rs) == 0 {
		return nil, errors.New("no results to merge")
	}
	res := newResult()
	res.Setup = mergeSetups(rs)
	res.Started, res.Ended = rs[0].Started, rs[0].Ended
	for _, r := range rs {
		if err := res.addResult(r); err != nil {
			return nil, err
		}
	}
	res.Log = mergeLogs(rs)
	return res, nil
}

func (r *Result) addResult(other *Result) error {
	r.addWindow(other)
	r.Counts.Add(&other.Counts)
	for code, n := range other.StatusCodes {
		r.StatusCodes[code] += n
	}
	for p := range r.Phases {
		if err := r.Phases[p].add(Phase(p), other.Phases[p]); err != nil {
			return err
		}
	}
	r.Loops = append(r.Loops, other.Loops...)
	r.Client.add(other.Client)
	r.addReplies(other)
	return nil
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
