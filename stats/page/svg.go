package page

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/aclements/go-moremath/scale"
	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// The size of a drawing, in units of which a browser makes what it has room for.
const (
	svgWidth  = 760
	svgHeight = 330
)

// styles are the classes of drawings, by the declarations that a class stands for. The policy of the
// page forbids styles in attributes.
type styles struct {
	names map[string]string
	rules bytes.Buffer
}

var (
	styleAttribute = regexp.MustCompile(`(<[^<>]*?) style="([^"]*)"`)
	paletteColour  = regexp.MustCompile(`rgb\((\d+),0,0\)`)
)

// Colours that stand for one of the page's own, which are others in the dark. A red of 1 or more is a
// place in the palette.
var (
	ink        = drawing.Color{G: 1, A: 255}
	gridColour = drawing.Color{B: 1, A: 255}
)

func palette(place int) drawing.Color { return drawing.Color{R: uint8(1 + place%colours), A: 255} }

// class returns the class of declarations.
func (s *styles) class(declarations string) string {
	if name, known := s.names[declarations]; known {
		return name
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	name := "g" + strconv.Itoa(len(s.names))
	s.names[declarations] = name
	fmt.Fprintf(&s.rules, ".%s{%s}\n", name, own(declarations))
	return name
}

// own replaces colours and fonts by those of the page.
func own(declarations string) string {
	declarations = ownNames.Replace(declarations)
	return paletteColour.ReplaceAllStringFunc(declarations, func(colour string) string {
		red, _ := strconv.Atoi(paletteColour.FindStringSubmatch(colour)[1])
		return fmt.Sprintf("var(--c%d)", red-1)
	})
}

var ownNames = strings.NewReplacer(
	"rgb(0,1,0)", "var(--ink)", "rgb(0,0,1)", "var(--grid)", "fill:white", "fill:none", ";font-family:'Roboto Medium',sans-serif", "",
)

// svg draws a plot. Attributes of style become classes: < and > are escaped in texts, so what looks
// like an element is one.
func (p *plot) svg(s *styles) (template.HTML, error) {
	var out bytes.Buffer
	chart := p.chart()
	if err := chart.Render(chartdraw.SVG, &out); err != nil {
		return "", fmt.Errorf("plot %s: %w", p.ID, err)
	}
	text := styleAttribute.ReplaceAllStringFunc(out.String(), func(element string) string {
		m := styleAttribute.FindStringSubmatch(element)
		return m[1] + ` class="` + s.class(m[2]) + `"`
	})
	return template.HTML(text), nil
}

func (p *plot) chart() *chartdraw.Chart {
	line := chartdraw.Style{FontStyle: chartdraw.FontStyle{FontSize: 9, FontColor: ink}, StrokeColor: ink, StrokeWidth: 1}
	gridLine := chartdraw.Style{StrokeColor: gridColour, StrokeWidth: 1}
	names := line
	if p.Kind != lines && len(p.X.Ticks) > mostNames {
		names.TextRotationDegrees = 30
	}
	x, y := p.newScale(&p.X, ofX), p.newScale(&p.Y, ofY)
	return &chartdraw.Chart{
		Width: svgWidth, Height: svgHeight, DPI: 96,
		XAxis: chartdraw.XAxis{Name: p.X.Title, NameStyle: line, Style: line, TickStyle: names, Ticks: x.ticks, Range: &chartdraw.ContinuousRange{}, GridMajorStyle: gridLine},
		YAxis: chartdraw.YAxis{Style: chartdraw.Hidden(), Range: &chartdraw.ContinuousRange{Max: 1}},
		YAxisSecondary: chartdraw.YAxis{
			Name: p.Y.Title, NameStyle: line, Style: line, TickStyle: line, Ticks: y.ticks, Range: &chartdraw.ContinuousRange{}, GridMajorStyle: gridLine,
		},
		Series: p.drawings(x, y),
	}
}

// Limits of what fits.
const (
	mostNames = 5 // names beside each other
	mostTicks = 8 // labels of an axis
)

// drawnScale places values on an axis. The library makes a range of the ticks, so these are around
// all values.
type drawnScale struct {
	log   bool
	ticks []chartdraw.Tick
}

func (d *drawnScale) at(v amount) float64 {
	if d.log {
		return math.Log10(float64(v))
	}
	return float64(v)
}

func (p *plot) newScale(a *axis, values func(*series) []amount) drawnScale {
	least, most := p.span(values)
	switch {
	case len(a.Ticks) > 0 && p.Kind == lines:
		return labelled(a.Ticks, least, most)
	case len(a.Ticks) > 0:
		return labelled(a.Ticks, -0.5, float64(len(a.Ticks))-0.5)
	case a.Log:
		return decades(least, most)
	}
	if p.Kind == bars {
		least, most = 0, p.highest()
	}
	return round(least, most)
}

// labelled has a scale's own ticks, and two without a text at its ends.
func labelled(all []tick, least, most float64) (d drawnScale) {
	if least == most {
		most++
	}
	d.ticks = append(d.ticks, chartdraw.Tick{Value: least})
	for _, t := range all {
		d.ticks = append(d.ticks, chartdraw.Tick{Value: float64(t.At), Label: t.Text})
	}
	d.ticks = append(d.ticks, chartdraw.Tick{Value: most})
	return d
}

// decades is a logarithmic scale.
func decades(least, most float64) drawnScale {
	d := drawnScale{log: true}
	for n := math.Floor(math.Log10(least)); ; n++ {
		d.ticks = append(d.ticks, chartdraw.Tick{Value: n, Label: label(math.Pow(10, n))})
		if n >= math.Log10(most) && len(d.ticks) > 1 {
			return d
		}
	}
}

// round is a scale with ticks at round numbers.
func round(least, most float64) (d drawnScale) {
	if least == most {
		least, most = least-math.Abs(least)/2, most+math.Abs(most)/2+1
	}
	s, fit := scale.Linear{Min: least, Max: most}, scale.TickOptions{Max: mostTicks}
	s.Nice(fit)
	major, _ := s.Ticks(fit)
	for _, v := range major {
		d.ticks = append(d.ticks, chartdraw.Tick{Value: v, Label: label(v)})
	}
	return d
}

func label(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// highest returns the height of the highest bar.
func (p *plot) highest() (most float64) {
	for _, sum := range p.sums() {
		most = max(most, sum)
	}
	return most
}

// sums returns the heights of the bars, by their place.
func (p *plot) sums() map[amount]float64 {
	sums := map[amount]float64{}
	for _, s := range p.Series {
		for i, x := range s.X {
			sums[x] += float64(s.Y[i])
		}
	}
	return sums
}

// drawings returns the series as the library draws them.
func (p *plot) drawings(x, y drawnScale) (all []chartdraw.Series) {
	if p.Kind == bars {
		return p.bars()
	}
	for i := range p.Series {
		s := &p.Series[i]
		c := chartdraw.ContinuousSeries{Name: s.Name, YAxis: chartdraw.YAxisSecondary, Style: p.style(s)}
		for k := range s.X {
			c.XValues, c.YValues = append(c.XValues, x.at(s.X[k])), append(c.YValues, y.at(s.Y[k]))
		}
		if len(s.X) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// dashes tell lines apart without their colours.
var dashes = [][]float64{{}, {8, 4}, {2, 3}}

func (p *plot) style(s *series) chartdraw.Style {
	colour := palette(s.Colour)
	switch {
	case p.Kind == lines && len(s.X) > 1:
		return chartdraw.Style{StrokeColor: colour, StrokeWidth: 2, StrokeDashArray: dashes[s.Colour%len(dashes)]}
	case s.Thin:
		return chartdraw.Style{StrokeColor: colour, StrokeWidth: 1}
	case s.Line:
		return chartdraw.Style{StrokeColor: colour, StrokeWidth: 3}
	}
	return chartdraw.Style{StrokeWidth: chartdraw.Disabled, DotColor: colour, DotWidth: 3}
}

// bars returns the parts of bars as thick lines.
func (p *plot) bars() (all []chartdraw.Series) {
	const room = 0.6 // of that of a bar
	below, width := map[amount]float64{}, room*svgWidth/float64(len(p.X.Ticks)+1)
	for _, s := range p.Series {
		for i, x := range s.X {
			from := below[x]
			below[x] += float64(s.Y[i])
			all = append(all, chartdraw.ContinuousSeries{
				Name: s.Name, YAxis: chartdraw.YAxisSecondary, Style: chartdraw.Style{StrokeColor: palette(s.Colour), StrokeWidth: math.Min(width, 60)},
				XValues: []float64{float64(x), float64(x)}, YValues: []float64{from, below[x]},
			})
		}
	}
	return all
}
