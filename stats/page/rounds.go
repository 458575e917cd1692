package page

import (
	"fmt"
	"math"

	"wsperf/stats/comparison"
)

// drawnMeasures are those whose runs are drawn, with the titles of their axes.
var drawnMeasures = []struct {
	name, title string
	scale       float64
}{
	{"rate", "handshakes, /s", 1},
	{"ready.q99", "ready at q99, ms", 1e-3},
	{"testee.cpu", "testee CPU, us per handshake", 1},
}

// rounds draws each run as a dot, and the median of a testee's runs with its interval.
func rounds(p *Page, load int) []part {
	if p.Study == nil {
		return nil
	}
	var all []*figure
	note := fmt.Sprintf("A dot is a run. The thick line is the median, the thin ones are its %.4g %% interval.", 100*p.Study.Level)
	for _, m := range drawnMeasures {
		d := &plot{Title: "Runs by " + m.name, Kind: dots, Y: axis{Title: m.title}}
		for i, s := range p.Study.Values(load, m.name) {
			d.X.Ticks = append(d.X.Ticks, tick{amount(i), s.Name})
			d.Series = append(d.Series, runsOf(i, &s, m.scale, p.Study.Level)...)
		}
		all = append(all, &figure{plot: d, Note: note})
	}
	return plotted(all...)
}

// runsOf returns the dots of a testee, and the lines.
func runsOf(testee int, s *comparison.Sample, scale, level float64) []series {
	runs := series{Name: s.Name, Key: 1 + testee, Colour: testee}
	for round, v := range s.Values {
		if !math.IsNaN(v) {
			runs.X = append(runs.X, amount(float64(testee)+0.3*spread(round, len(s.Values))))
			runs.Y = append(runs.Y, amount(v*scale))
		}
	}
	center, low, high, known := s.Center(level)
	if center == 0 {
		return []series{runs}
	}
	all := []series{runs, beside(runs, center*scale, false)}
	if known {
		all = append(all, beside(runs, low*scale, true), beside(runs, high*scale, true))
	}
	return all
}

// spread places rounds from -1 to 1.
func spread(round, rounds int) float64 {
	if rounds < 2 {
		return 0
	}
	return 2*float64(round)/float64(rounds-1) - 1
}

// beside returns a short line beside the dots of a testee.
func beside(of series, y float64, thin bool) series {
	at := amount(of.Key - 1)
	return series{Name: of.Name, Key: of.Key, Colour: of.Colour, Line: true, Thin: thin, X: []amount{at - 0.38, at + 0.38}, Y: []amount{amount(y), amount(y)}}
}
