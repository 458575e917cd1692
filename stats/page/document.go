package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

// Our own part of the page.
var (
	//go:embed assets/page.html
	markup string
	//go:embed assets/page.css
	ownStyles string
	//go:embed assets/page.js
	ownScript string
)

// colours is the number of colours of the palette in page.css.
const colours = 8

// document is what the markup is filled with.
type document struct {
	Title    string
	Style    template.CSS
	Script   template.JS
	Data     data
	Sections []section
}

// data is what page.js reads.
type data struct {
	Keys    []string    `json:"keys"` // names that a click hides
	Colours int         `json:"colours"`
	Dashes  [][]float64 `json:"dashes"`
	Plots   []*plot     `json:"plots"`
}

// document draws all that the page has.
func (p *Page) document() (*document, error) {
	script, plotStyles, err := uPlot()
	if err != nil {
		return nil, err
	}
	d := &document{Title: p.title(), Data: data{Keys: p.keys(), Colours: colours, Dashes: dashes}, Sections: p.sections(), Script: template.JS(script + "\n" + ownScript)}
	classes := &styles{}
	for _, f := range d.figures() {
		f.ID = fmt.Sprintf("plot-%d", len(d.Data.Plots)+1)
		if f.SVG, err = f.svg(classes); err != nil {
			return nil, err
		}
		d.Data.Plots = append(d.Data.Plots, f.plot)
	}
	d.Style = template.CSS(plotStyles + "\n" + ownStyles + classes.rules.String())
	return d, nil
}

func (p *Page) title() string {
	if p.Study == nil {
		return "wsperf: " + p.name(p.Subjects[0])
	}
	return "wsperf: " + strings.Join(p.Study.Testees, ", ") + " compared"
}

// figures returns all plots in their order.
func (d *document) figures() (all []*figure) {
	for _, s := range d.Sections {
		for _, part := range s.Parts {
			all = append(all, part.Plots...)
		}
	}
	return all
}

// Policy is the Content-Security-Policy (CSP3): nothing is loaded, only the page's own script runs,
// and only its own styles apply.
func (d *document) Policy() string {
	return fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; base-uri 'none'; form-action 'none'", hash(string(d.Script)), hash(string(d.Style)))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (d *document) write(w io.Writer) error {
	t, err := template.New("page").Parse(markup)
	if err != nil {
		return err
	}
	return t.Execute(w, d)
}
