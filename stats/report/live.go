package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// IntervalHeader is the line above those of IntervalLine, with its end.
const IntervalHeader = "  time s  started/s  success/s   fail/s  in flight      open  ready q50 ms  ready q99   late q99\n"

// IntervalLine returns what happened in an interval as a line of 97 characters, with its end.
// If connections failed, their causes stand behind that.
func IntervalLine(iv *stats.Interval) string {
	ready, late := iv.Histogram(stats.PhaseReady), iv.Histogram(stats.PhaseLate)
	return fmt.Sprintf("%8.3f %10.0f %10.0f %8.0f %10d %9d %13s %10s %10s%s\n",
		iv.End().Seconds(), iv.PerSecond(iv.Started), iv.PerSecond(iv.Success), iv.PerSecond(iv.Fail), iv.InFlight, iv.Open,
		intervalCell(ready, 50), intervalCell(ready, 99), intervalCell(late, 99), charged(iv))
}

func intervalCell(h *hdrhistogram.Histogram, percentile float64) string {
	if h.TotalCount() == 0 {
		return none
	}
	return formatMs(h.ValueAtPercentile(percentile))
}

// charged lists the causes of failures, and how many each has.
func charged(iv *stats.Interval) string {
	var list []string
	for c, n := range iv.Causes {
		list = appendCount(list, stats.Cause(c).String(), n)
	}
	if len(list) == 0 {
		return ""
	}
	return "  " + strings.Join(list, ", ")
}

// intervals says between which bounds the rate was before the drain.
func intervals(r *stats.Result) (s Section) {
	whole := r.Intervals
	lastStart := time.Duration(r.Loaded.LastNs - r.Started.UnixNano())
	for len(whole) > 0 && whole[len(whole)-1].End() > lastStart {
		whole = whole[:len(whole)-1]
	}
	if len(whole) < 2 {
		return s
	}
	least, most := whole[0].PerSecond(whole[0].Success), 0.0
	for i := range whole {
		perSecond := whole[i].PerSecond(whole[i].Success)
		least, most = min(least, perSecond), max(most, perSecond)
	}
	s.Parts = append(s.Parts, Sentence(fmt.Sprintf("In %d intervals of %v: %.0f to %.0f handshakes/s.", len(whole), whole[0].Length, least, most)))
	return s
}
