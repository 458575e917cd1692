package page

import (
	"io"
	"slices"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/report"
)

// Page is what a page shows.
type Page struct {
	Study    *comparison.Study // nil: there is one subject, and no comparison
	Subjects []Subject         // by load and then by testee of the study
	Command  string            // that repeats it, of printable ASCII; empty: not known
}

// Subject is the result of a testee under a load.
type Subject struct {
	Load, Testee int // in the study
	Result       *stats.Result
	Runs         int // that were merged into Result: one after the other, if there are several
}

// Single returns the page of one result.
func Single(r *stats.Result) *Page {
	return &Page{Subjects: []Subject{{Result: r, Runs: 1}}, Command: r.Provenance.Command}
}

// Write writes the page. The error is the first one of w.
func (p *Page) Write(w io.Writer) error {
	d, err := p.document()
	if err != nil {
		return err
	}
	return d.write(w)
}

// loads returns how many loads there are.
func (p *Page) loads() int {
	if p.Study == nil {
		return 1
	}
	return len(p.Study.Loads)
}

// under returns the subjects of a load.
func (p *Page) under(load int) (all []Subject) {
	for _, s := range p.Subjects {
		if s.Load == load {
			all = append(all, s)
		}
	}
	return all
}

// name returns what to call a subject.
func (p *Page) name(s Subject) string {
	if p.Study == nil {
		return titleOf(s.Result)
	}
	return p.Study.Testees[s.Testee]
}

// titleOf returns what to call a result that stands alone.
func titleOf(r *stats.Result) string {
	switch {
	case r.Provenance.Testee == stats.TesteeBuiltin:
		return "the built-in testee"
	case r.Setup.URL == "":
		return "several testees"
	}
	return report.Escaped(r.Setup.URL)
}

// keys returns the names that can be hidden everywhere: the testees, or the phases of one result.
func (p *Page) keys() []string {
	if p.Study != nil {
		return p.Study.Testees
	}
	var all []string
	for _, phase := range p.phases() {
		all = append(all, phase.String())
	}
	return all
}

// phases returns those of the plots, in the order of their keys. Those of TLS are the last, so that the
// others have the same colours on all pages.
func (p *Page) phases() []stats.Phase {
	all := []stats.Phase{stats.PhaseReady, stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose, stats.PhaseFin, stats.PhaseTotal}
	if p.usesTLS() {
		all = append(all, stats.PhaseSecure, stats.PhaseSecureResumed)
	}
	return all
}

// usesTLS reports whether any subject does.
func (p *Page) usesTLS() bool {
	return slices.ContainsFunc(p.Subjects, func(s Subject) bool { return s.Result.UsesTLS() })
}
