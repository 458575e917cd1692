package page

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// family is the curves of one plot.
type family struct {
	title  string
	curves []curve
}

// curve is the times of a phase of a subject.
type curve struct {
	name  string
	key   int // from 1
	times *hdrhistogram.Histogram
}

// families returns the times under a load: of one result those of all phases together, of testees a
// family for each phase. Phases that nothing went through are left out.
func (p *Page) families(load int) (all []family) {
	subjects := p.under(load)
	if p.Study == nil {
		return []family{{"phases", p.phaseCurves(subjects[0].Result)}}
	}
	for _, phase := range p.phases() {
		f := family{title: phase.String()}
		for _, s := range subjects {
			if h := s.Result.Phases[phase].Success; h.TotalCount() > 0 {
				f.curves = append(f.curves, curve{p.name(s), 1 + s.Testee, h})
			}
		}
		if len(f.curves) > 0 {
			all = append(all, f)
		}
	}
	return all
}

func (p *Page) phaseCurves(r *stats.Result) (all []curve) {
	for i, phase := range p.phases() {
		if h := r.Phases[phase].Success; h.TotalCount() > 0 {
			all = append(all, curve{phase.String(), 1 + i, h})
		}
	}
	return all
}

// mostNines bounds the axis of percentiles: 99.9999 %.
const mostNines = 6

// percentiles draws each family on an axis on which each further nine takes the same room, as
// HdrHistogram's plotter does.
func percentiles(p *Page, load int) []part {
	var all []*figure
	for _, f := range p.families(load) {
		d := &plot{Title: "Percentiles of " + f.title, Kind: lines, X: axis{Title: "percentile", Nines: true}, Y: times()}
		most := 0.0
		for _, c := range f.curves {
			s := c.series()
			s.X, s.Y = spectrum(c.times)
			d.Series = append(d.Series, s)
			most = max(most, float64(s.X[len(s.X)-1]))
		}
		d.X.Ticks = nines(most)
		all = append(all, &figure{plot: d})
	}
	return plotted(all...)
}

func (c *curve) series() series { return series{Name: c.name, Key: c.key, Colour: c.key - 1} }

// times is the axis of latencies.
func times() axis { return axis{Title: "latency, ms", Log: true, Choices: true} }

// spectrumStep is the distance of two points on the axis of percentiles.
const spectrumStep = 0.08

// spectrum returns the percentiles as far as there are enough values for them.
func spectrum(h *hdrhistogram.Histogram) (x, y []amount) {
	end := min(mostNines, math.Log10(float64(h.TotalCount())))
	for n := 0.0; n <= end; n += spectrumStep {
		x = append(x, amount(n))
		y = append(y, inMs(h.ValueAtPercentile(100*(1-math.Pow(10, -n)))))
	}
	return x, y
}

// inMs is never 0, which a logarithmic axis does not have.
func inMs(us int64) amount { return amount(float64(max(1, us)) / 1000) }

func nines(most float64) []tick {
	all := []tick{{amount(-math.Log10(0.5)), "50 %"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "99.999 %"}, {6, "99.9999 %"}}
	for len(all) > 3 && float64(all[len(all)-1].At) > most {
		all = all[:len(all)-1]
	}
	return all
}

// distributions draws which share of the connections took how long at most: of one result in all
// phases, of testees in the first one.
func distributions(p *Page, load int) []part {
	families := p.families(load)
	if len(families) == 0 {
		return nil
	}
	f := families[0]
	d := &plot{Title: "Distribution of " + f.title, Kind: lines, X: times(), Y: axis{Title: "share of the connections, %"}}
	for _, c := range f.curves {
		s := c.series()
		s.X, s.Y = distribution(c.times)
		d.Series = append(d.Series, s)
	}
	return plotted(&figure{plot: d})
}

// distributionSteps is the number of points of a distribution, at most.
const distributionSteps = 60

func distribution(h *hdrhistogram.Histogram) (x, y []amount) {
	for i := range distributionSteps + 1 {
		share := 100 * float64(i) / distributionSteps
		v := inMs(h.ValueAtPercentile(share))
		if n := len(x); n > 0 && x[n-1] == v {
			y[n-1] = amount(share)
			continue
		}
		x, y = append(x, v), append(y, amount(share))
	}
	return x, y
}
