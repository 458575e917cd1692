package page

import (
	"wsperf/stats"
)

// stackedPhases are those that follow each other.
var stackedPhases = []stats.Phase{stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose, stats.PhaseFin}

// stacked draws what a connection's time is made of.
func stacked(p *Page, load int) []part {
	d := &plot{Title: "Phases at q50 and q99", Kind: bars, Y: axis{Title: "time, ms"}}
	subjects := p.under(load)
	for i, phase := range stackedPhases {
		s := series{Name: phase.String(), Colour: 1 + i}
		for k, subject := range subjects {
			h := subject.Result.Phases[phase].Success
			for q, percentile := range []float64{50, 99} {
				s.X = append(s.X, amount(2*k+q))
				s.Y = append(s.Y, amount(float64(h.ValueAtPercentile(percentile))/1000))
			}
		}
		d.Series = append(d.Series, s)
	}
	for k, subject := range subjects {
		name := ""
		if p.Study != nil {
			name = p.name(subject) + " "
		}
		d.X.Ticks = append(d.X.Ticks, tick{amount(2 * k), name + "q50"}, tick{amount(2*k + 1), name + "q99"})
	}
	return plotted(&figure{plot: d, Note: "Each phase is at its own quantile: their sum is not that of a connection."})
}
