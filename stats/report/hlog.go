package report

import (
	"bufio"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// logUnits is a comment of the log. The library divides the maximum by 10^6, for values in
// nanoseconds and a maximum in milliseconds; ours are in microseconds.
const logUnits = "[Values in microseconds, Interval_Max in seconds]"

// writeIntervalLog writes an HdrHistogram interval log (HistogramLogProcessor reads it), with
// a line for each interval and phase: the tag of a line is the phase. Without recorded intervals
// the whole run is the only one, and has lines of the connections that failed later too, whose
// tag is the phase and ".failure". Values are in microseconds, timestamps in seconds since the
// Unix epoch.
func writeIntervalLog(w io.Writer, r *stats.Result) error {
	all := intervalsOf(r)
	if len(all) == 0 {
		all = []interval{wholeRun(r)}
	}
	out := bufio.NewWriter(w) // keeps the first error
	log := hdrhistogram.NewHistogramLogWriter(out)
	_ = log.OutputLogFormatVersion()
	_ = log.OutputComment(logUnits)
	_ = log.OutputStartTime(all[0].start.UnixMilli())
	_ = log.OutputLegend()
	for _, i := range all {
		for _, s := range i.series {
			if err := log.OutputIntervalHistogram(tagged(i, s)); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// tagged returns a copy, because a result is not to be changed by writing it.
func tagged(i interval, s series) *hdrhistogram.Histogram {
	h := s.times.Clone()
	tag := s.phase.String()
	if s.outcome == outcomeFailure {
		tag += "." + outcomeFailure
	}
	h.SetTag(tag)
	h.SetStartTimeMs(i.start.UnixMilli())
	h.SetEndTimeMs(i.start.Add(i.length).UnixMilli())
	return h
}
