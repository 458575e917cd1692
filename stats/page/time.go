package page

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// mostPoints bounds the points of a series over time: more than a screen has room for.
const mostPoints = 300

// overTime draws the rate, and a latency of each interval.
func overTime(p *Page, load int) []part {
	rate := &plot{Title: "Handshakes over time", Kind: lines, X: axis{Title: "time, s"}, Y: axis{Title: "handshakes, /s"}}
	latency := &plot{Title: "Latency over time", Kind: lines, X: axis{Title: "time, s"}, Y: times()}
	for _, s := range p.under(load) {
		all := gathered(s.Result.Intervals)
		if len(all) < 2 {
			continue
		}
		rate.Series = append(rate.Series, p.rateOf(s, all))
		latency.Series = append(latency.Series, p.latenciesOf(s, all)...)
	}
	note := "A point is an interval of the run."
	if p.Study != nil {
		note = "A point is an interval, over all runs of the testee."
	}
	return plotted(&figure{plot: rate, Note: note + p.warmedUp(load)}, &figure{plot: latency, Note: note + " Latencies are q99."})
}

// warmedUp says why the rate begins low after a warm-up; empty: there was none.
func (p *Page) warmedUp(load int) string {
	for _, s := range p.under(load) {
		if s.Result.Load.LeftOut.Started > 0 {
			return " At first the testee is busy with what the warm-up has begun, which is not counted here."
		}
	}
	return ""
}

// gathered puts so many intervals together that there are not too many.
func gathered(intervals []stats.Interval) (all [][]stats.Interval) {
	each := 1 + (len(intervals)-1)/mostPoints
	for len(intervals) > 0 {
		n := min(each, len(intervals))
		all, intervals = append(all, intervals[:n]), intervals[n:]
	}
	return all
}

// middle returns when intervals are, in seconds.
func middle(all []stats.Interval) amount {
	return amount((all[0].Offset + all[len(all)-1].End()).Seconds() / 2)
}

func (p *Page) rateOf(s Subject, all [][]stats.Interval) series {
	line := p.seriesOf(s)
	for _, some := range all {
		var n uint64
		for i := range some {
			n += some[i].Success
		}
		if seconds := (some[len(some)-1].End() - some[0].Offset).Seconds(); seconds > 0 {
			line.X, line.Y = append(line.X, middle(some)), append(line.Y, amount(float64(n)/seconds/float64(s.Runs)))
		}
	}
	return line
}

// seriesOf returns an empty series of a subject.
func (p *Page) seriesOf(s Subject) series {
	if p.Study == nil {
		return series{Name: "handshakes"}
	}
	return series{Name: p.name(s), Key: 1 + s.Testee, Colour: s.Testee}
}

// latenciesOf returns the times that p draws over time: of one result those of all phases.
func (p *Page) latenciesOf(s Subject, all [][]stats.Interval) (series []series) {
	if p.Study != nil {
		line := p.seriesOf(s)
		line.X, line.Y = latencies(stats.PhaseReady, all)
		return append(series, line)
	}
	for i, phase := range p.phases() {
		c := curve{name: phase.String(), key: 1 + i}
		line := c.series()
		line.X, line.Y = latencies(phase, all)
		series = append(series, line)
	}
	return series
}

// latencies returns q99 of a phase over time.
func latencies(phase stats.Phase, all [][]stats.Interval) (x, y []amount) {
	for _, some := range all {
		if h := together(phase, some); h.TotalCount() > 0 {
			x, y = append(x, middle(some)), append(y, inMs(h.ValueAtPercentile(99)))
		}
	}
	return x, y
}

func together(phase stats.Phase, some []stats.Interval) *hdrhistogram.Histogram {
	sum := some[0].Histogram(phase)
	for i := range some[1:] {
		sum.Merge(some[1+i].Histogram(phase))
	}
	return sum
}
