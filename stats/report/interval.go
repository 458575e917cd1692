package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/require"
)

// interval is a part of the measured window, and the times of the connections that ended in
// it.
type interval struct {
	start  time.Time
	offset time.Duration // of start from that of the measured window
	length time.Duration // 0 or more
	counts []require.Value
	series []series
}

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
)

// series is the times of a phase of the connections with one outcome.
type series struct {
	phase   stats.Phase
	outcome string
	times   *hdrhistogram.Histogram // in microseconds, not empty
}

// wholeRun returns the run as an interval.
func wholeRun(r *stats.Result) interval {
	return interval{start: r.Started, length: max(0, r.Duration()), counts: measuresOf(r), series: seriesOf(&r.Phases)}
}

// intervalsOf returns the recorded intervals.
func intervalsOf(r *stats.Result) (all []interval) {
	for i := range r.Intervals {
		iv := &r.Intervals[i]
		all = append(all, interval{
			start: r.Started.Add(iv.Offset), offset: iv.Offset, length: iv.Length, counts: countsOf(iv), series: intervalSeries(iv),
		})
	}
	return all
}

// countsOf has the names of requirements, as far as they have one.
func countsOf(iv *stats.Interval) []require.Value {
	all := []require.Value{
		{Name: "started", Value: float64(iv.Started)}, {Name: "success", Value: float64(iv.Success)}, {Name: "fail", Value: float64(iv.Fail)},
		{Name: "in_flight", Value: float64(iv.InFlight)}, {Name: "open_connections", Value: float64(iv.Open)},
	}
	for c, n := range iv.Causes {
		if n > 0 {
			all = append(all, require.Value{Name: "cause." + stats.Cause(c).String(), Value: float64(n)})
		}
	}
	return all
}

// intervalSeries are of the successes, but for late, which is of all connections.
func intervalSeries(iv *stats.Interval) (all []series) {
	for _, p := range stats.PhaseOrder() {
		if len(iv.Encoded(p)) > 0 {
			all = append(all, series{p, outcomeSuccess, iv.Histogram(p)})
		}
	}
	return all
}

// seriesOf leaves out what has no value, as phase late has none in a closed loop.
func seriesOf(phases *[stats.NumPhases]stats.PhaseResult) (all []series) {
	for _, p := range stats.PhaseOrder() {
		for _, s := range []series{
			{p, outcomeSuccess, phases[p].Success},
			{p, outcomeFailure, phases[p].Failure},
		} {
			if s.times != nil && s.times.TotalCount() > 0 {
				all = append(all, s)
			}
		}
	}
	return all
}

// subject returns the times that requirements mean by the name of a phase: those of the
// successes, and the lateness of all starts.
func subject(r *stats.Result, p stats.Phase) *hdrhistogram.Histogram {
	if p == stats.PhaseLate {
		return r.Late()
	}
	return r.Phases[p].Success
}

// quantileValue is a quantile of a histogram.
type quantileValue struct {
	quantile string // such as 0.999
	name     string // as requirements name it, such as q999
	us       int64
}

// quantilesOf returns the quantiles that the report shows, and leaves out those for which
// the histogram has too few values.
func quantilesOf(h *hdrhistogram.Histogram) (all []quantileValue) {
	for _, q := range quantiles {
		if h.TotalCount() < q.least {
			continue
		}
		// The decimals are those of the percentile: 99.9/100 is not the float64 next to 0.999.
		decimals := strings.ReplaceAll(decimal(q.percentile), ".", "")
		all = append(all, quantileValue{
			quantile: "0." + strings.TrimRight(decimals, "0"),
			name:     "q" + decimals,
			us:       h.ValueAtPercentile(q.percentile),
		})
	}
	return all
}

// decimal writes a number with all of its digits and without an exponent, which not every
// reader knows.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
