package stats

// MergeResults merges several results, such as those of processes that ran at the
// same time, into a new one. It does not modify its arguments; the new result shares
// their logs.
//
//   - The measured window goes from the earliest Started to the latest Ended. It
//     includes the pauses between runs that did not overlap.
//   - Counts, StatusCodes, Errnos, TLS and histograms are added, Loops are concatenated.
//   - Load: added, except for Mode, which is empty if the results have different ones.
//   - Setup: Loops, Connections, WarmupConnections, Low, High, Rate and MaxOpen are added, and the
//     rates of Stages if all have the same number of them, of the same lengths. CPUs are concatenated, DurationUs, WarmupUs and Samples are the maximum. Any other field keeps its
//     value if all results have the same one, and is zero otherwise.
//   - Replies: for each cause the first Setup.Samples of the merged Setup, in the order
//     of the results.
//   - Client: added, except for PeakMemoryBytes, which is the maximum.
//   - Loaded goes from the earliest first start to the latest last start, and has all successes of a
//     result that ended before that. It is zero if that of any result with a connection is.
//   - TesteeCost: of results whose windows overlap, at the same address, the one with the most
//     CPU time, because they saw the same processes. Those of others are added.
//   - Counters are added. There are none unless all results with a connection have some.
//   - Provenance keeps what all results have in common. Differences says what they differ in:
//     versions, machine, testee, load.
//   - Kernel and Machines: those of different places are concatenated, and two of the same
//     place are merged as KernelResult says; results should be in the order of their windows.
//     They are dropped if a result with a connection has none.
//   - Verdict: the worst of all, in the order of the bottlenecks' table. It has those of all
//     results as its parts, and is not known unless those of all with a connection are.
//   - Calibration is that of a result alone.
//   - Findings are dropped: what holds for the parts need not hold for their sum.
//   - Intervals are added by their offset from the start of each result's window. There are
//     none unless all results with a connection have some, of the same length.
//   - Parts: all of them, sorted by run and number. A result whose parts did not begin adds
//     nothing else, unless all results are so.
//   - Loops, Kernel, Machines and Parts, and the reasons of verdicts, are dropped if they are too
//     many for a result file. Omitted says so.
//   - Interrupted is set if any result has it. Log is set only if all results have one.
//
// It fails if there is no result, or if a histogram cannot hold all values.
func MergeResults(rs ...*Result) (*Result, error) {
	var s Sum
	for _, r := range rs {
		if err := s.Add(r); err != nil {
			return nil, err
		}
	}
	return s.Result()
}
