package page

import "html/template"

// content is a section of a page.
type content struct {
	ID    string // of its heading, for links
	Title string
	parts func(*Page, int) []part // of a load; none: the section is left out
	whole bool                    // the same for all loads
}

// contents is the table of sections, in their order. A new one is a row.
func contents() []content {
	return []content{
		{ID: "conclusion", Title: "Conclusion", parts: conclusion},
		{ID: "results", Title: "Results", parts: results},
		{ID: "rounds", Title: "Rounds", parts: rounds},
		{ID: "percentiles", Title: "Latency by percentile", parts: percentiles},
		{ID: "distribution", Title: "Cumulative distribution of latency", parts: distributions},
		{ID: "time", Title: "Rate and latency over time", parts: overTime},
		{ID: "phases", Title: "Phases of a connection", parts: stacked},
		{ID: "causes", Title: causesTitle, parts: causes},
		{ID: "tls", Title: tlsTitle, parts: secure},
		{ID: "bottleneck", Title: "Who was the bottleneck", parts: verdicts},
		{ID: "kernel", Title: "Kernel counters", parts: kernel},
		{ID: "means", Title: "Load, client, testee and machine", parts: means},
		{ID: "provenance", Title: "Provenance", parts: provenance, whole: true},
		{ID: "reading", Title: "How to read this page", parts: reading, whole: true},
		{ID: "command", Title: "Repeat it", parts: command, whole: true},
	}
}

// section is a content with what it says.
type section struct {
	content
	Parts []part
}

// sections returns those that have something to say.
func (p *Page) sections() (all []section) {
	for _, c := range contents() {
		if parts := p.partsOf(c); len(parts) > 0 {
			all = append(all, section{c, parts})
		}
	}
	return all
}

// partsOf returns the parts of a content under each load, which is named if there are several.
func (p *Page) partsOf(c content) (all []part) {
	if c.whole {
		return c.parts(p, 0)
	}
	for load := range p.loads() {
		parts := c.parts(p, load)
		if len(parts) > 0 && p.loads() > 1 {
			all = append(all, part{Heading: "Load " + p.Study.Loads[load].Name})
		}
		all = append(all, parts...)
	}
	return all
}

// Anchor returns the link to the section.
func (c content) Anchor() template.URL { return template.URL("#" + c.ID) }
