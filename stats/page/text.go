package page

import (
	"fmt"
	"slices"
	"strings"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/report"
)

// conclusion says what came out, in a sentence or two.
func conclusion(p *Page, load int) (all []part) {
	if p.Study == nil {
		return []part{{Text: summary(p.Subjects[0].Result)}}
	}
	for _, sentence := range p.Study.View(load).Conclusion {
		all = append(all, part{Text: sentence})
	}
	return all
}

// summary is the conclusion of one result.
func summary(r *stats.Result) string {
	text := fmt.Sprintf("%.0f handshakes/s, %d of %d connections failed.", r.HandshakesPerSecond(), r.Fail, r.Total)
	if h := r.Phases[stats.PhaseReady].Success; h.TotalCount() > 0 {
		text = fmt.Sprintf("%.0f handshakes/s, ready after %s at the median and %s at q99, %d of %d connections failed.",
			r.HandshakesPerSecond(), milliseconds(h.ValueAtPercentile(50)), milliseconds(h.ValueAtPercentile(99)), r.Fail, r.Total)
	}
	if v := &r.Verdict; v.Known() {
		text += fmt.Sprintf(" Bottleneck: %s. %s", report.Escaped(string(v.Kind)), sentence(report.Escaped(v.Reason)))
	}
	return text
}

// sentence makes one of a clause.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

func milliseconds(us int64) string { return fmt.Sprintf("%.4g ms", float64(us)/1000) }

// results is the table.
func results(p *Page, load int) []part {
	if p.Study == nil {
		return p.ofReport(load, "incomplete", "not kept", "differences", "aggregate", "unmeasured", "interrupted", "parts", "phases", "out of range", "requirements")
	}
	v := p.Study.View(load)
	differences, medians := p.grid(v.Differences.Plain()), p.grid(v.Medians)
	differences.Caption, medians.Caption = v.Title, "Medians of other measures"
	return []part{{Table: differences}, {Table: medians}, {List: v.Notes}}
}

// grid makes a table of one whose first column has names of testees.
func (p *Page) grid(t comparison.Table) *grid {
	g := &grid{}
	for i, text := range t.Head {
		g.Head = append(g.Head, cell{Text: text, Number: i > 0})
	}
	for _, row := range t.Rows {
		cells := []cell{{Text: row[0], Key: 1 + slices.Index(p.Study.Testees, row[0])}}
		for _, text := range row[1:] {
			cells = append(cells, cell{Text: text, Number: true})
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}

// ofReport returns sections of the report: of one result as they are, of each testee in a fold.
func (p *Page) ofReport(load int, names ...string) (all []part) {
	for _, s := range p.under(load) {
		var parts []part
		for _, section := range report.Sections(s.Result) {
			if !slices.Contains(names, section.Name) {
				continue
			}
			if section.Title != "" && section.Title != causesTitle && section.Title != tlsTitle {
				parts = append(parts, part{Heading: section.Title})
			}
			parts = append(parts, fromReport(&section)...)
		}
		switch {
		case p.Study == nil:
			all = append(all, parts...)
		case len(parts) > 0:
			all = append(all, part{Fold: &fold{Title: p.name(s), Parts: parts}})
		}
	}
	return all
}

// Titles of sections of the report whose section of the page has them already.
const (
	causesTitle = "Causes of failure"
	tlsTitle    = "TLS"
)

func causes(p *Page, load int) []part { return p.ofReport(load, "causes", "ends") }

func secure(p *Page, load int) []part { return p.ofReport(load, "tls") }

// verdicts says what the runs of each testee were bound by, and then the evidence.
func verdicts(p *Page, load int) (all []part) {
	var terms []report.Detail
	for _, s := range p.under(load) {
		if v := &s.Result.Verdict; v.Known() {
			terms = append(terms, report.Detail{Name: p.name(s), Text: report.Escaped(string(v.Kind)) + ": " + report.Escaped(v.Reason)})
		}
	}
	if p.Study != nil && len(terms) > 0 {
		all = append(all, part{Terms: terms})
	}
	return append(all, p.ofReport(load, "verdict")...)
}

func kernel(p *Page, load int) []part { return p.ofReport(load, "kernel") }

func means(p *Page, load int) []part {
	return p.ofReport(load, "load", "sources", "intervals", "loops", "client", "testee", "machine", "omitted")
}

// command is how to repeat it.
func command(p *Page, _ int) []part {
	if p.Command == "" {
		return nil
	}
	return []part{{Code: p.Command}}
}

// reading says how to read the page.
func reading(p *Page, _ int) []part {
	terms := []report.Detail{
		{Name: "ready", Text: "from the intended start of a connection to the validated response 101: what a user of the testee waits for"},
		{Name: "connect", Text: "from the attempt to the established TCP connection"},
		{Name: "open", Text: "from the request to the validated response 101 (RFC 6455 section 4)"},
		{Name: "close", Text: "from the close frame sent to the close frame received (RFC 6455 section 7)"},
		{Name: "fin", Text: "from the close frame received to the testee's FIN"},
		{Name: "total", Text: "from the intended start to the end of the connection"},
		{Name: "percentile", Text: "99 % means that 99 of 100 connections took this time or less. The axis gives each further nine the same room."},
		{Name: "bottleneck", Text: "testee: the figures are those of the testee. client, shared or quota: wsperf or the machine was the limit, and the testee may do more."},
	}
	if p.usesTLS() {
		terms = slices.Insert(terms, 2,
			report.Detail{Name: "secure", Text: "from the established TCP connection to the complete TLS handshake, of full handshakes"},
			report.Detail{Name: "secure_resumed", Text: "the same of resumed handshakes, which need no certificate"})
	}
	if p.Study != nil {
		terms = append(terms, []report.Detail{
			{Name: "interval", Text: "the true ratio of the testees lies in it with the confidence of its column head. Testees are compared within each round, because the machine's speed drifts between rounds."},
			{Name: "p", Text: "how often so large a difference would come out by chance if there was none"},
			{Name: "~", Text: "no difference that these rounds can tell"},
			{Name: "dots", Text: "a dot is a run. The thick line is the median of the runs, the thin ones are its interval."},
		}...)
	}
	return []part{{Terms: terms}}
}
