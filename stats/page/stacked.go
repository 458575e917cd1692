package page

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// stackedPhases are those that follow each other.
func (p *Page) stackedPhases() []stats.Phase {
	all := []stats.Phase{stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose, stats.PhaseFin}
	if p.usesTLS() {
		all = slices.Insert(all, 1, stats.PhaseSecure)
	}
	return all
}

// stacked draws what a connection's time is made of.
func stacked(p *Page, load int) []part {
	d := &plot{Title: "Phases at q50 and q99", Kind: bars, Y: axis{Title: "time, ms"}}
	subjects := p.under(load)
	for _, phase := range p.stackedPhases() {
		s := series{Name: phase.String(), Colour: slices.Index(p.phases(), phase)}
		for k, subject := range subjects {
			h := stackedTimes(subject.Result, phase)
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
	note := "Each phase is at its own quantile: their sum is not that of a connection."
	if p.usesTLS() {
		note += " Phase secure has full and resumed handshakes together."
	}
	return plotted(&figure{plot: d, Note: note})
}

// stackedTimes puts both phases of TLS together, because a connection has only one of them.
func stackedTimes(r *stats.Result, phase stats.Phase) *hdrhistogram.Histogram {
	h := r.Phases[phase].Success
	if resumed := r.Phases[stats.PhaseSecureResumed].Success; phase == stats.PhaseSecure && resumed.TotalCount() > 0 {
		h = stats.NewHistogram()
		h.Merge(r.Phases[phase].Success)
		h.Merge(resumed)
	}
	return h
}
