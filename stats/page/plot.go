package page

import (
	"math"
	"slices"
	"strconv"
)

// plot is a diagram as data. The JSON keys are those that page.js reads.
type plot struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	X      axis     `json:"x"`
	Y      axis     `json:"y"`
	Series []series `json:"series"`
	Kind   kind     `json:"kind"`
}

// kind is how a plot is drawn.
type kind string

// The kinds of plot.
const (
	lines kind = "lines"
	dots  kind = "dots" // and short horizontal lines
	bars  kind = "bars" // stacked, in the order of the series
)

// axis is one of a plot.
type axis struct {
	Title   string `json:"title"` // with the unit
	Log     bool   `json:"log"`   // logarithmic, until the reader wants it otherwise
	Nines   bool   `json:"nines"` // values are -log10(1-share)
	Ticks   []tick `json:"ticks,omitempty"`
	Choices bool   `json:"choices"` // the reader can choose between linear and logarithmic
}

// tick is a labelled place on an axis.
type tick struct {
	At   amount `json:"at"`
	Text string `json:"text"`
}

// series is what has one colour and one name.
type series struct {
	Name   string   `json:"name"`
	Key    int      `json:"key"`    // of the name that a click hides, from 1; 0: none
	Colour int      `json:"colour"` // place in the palette
	Thin   bool     `json:"thin"`   // an interval
	Line   bool     `json:"line"`   // a line in a plot of dots
	X      []amount `json:"x"`
	Y      []amount `json:"y"`
}

// amount is written with as many digits as one can see.
type amount float64

// MarshalJSON writes null for what JSON does not have.
func (a amount) MarshalJSON() ([]byte, error) {
	if v := float64(a); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(a), 'g', 5, 64), nil
}

// drawn drops series without a value, and reports whether any is left.
func (p *plot) drawn() bool {
	p.Series = slices.DeleteFunc(p.Series, func(s series) bool { return len(s.X) == 0 })
	return len(p.Series) > 0
}

// span returns the least and the most value of an axis.
func (p *plot) span(values func(*series) []amount) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for i := range p.Series {
		for _, v := range values(&p.Series[i]) {
			least, most = min(least, float64(v)), max(most, float64(v))
		}
	}
	return least, most
}

func ofX(s *series) []amount { return s.X }
func ofY(s *series) []amount { return s.Y }

// Legend returns a series of each name: testees have several in a plot of dots.
func (p *plot) Legend() (all []series) {
	for _, s := range p.Series {
		if !s.Line {
			all = append(all, s)
		}
	}
	return all
}
