package compare

import (
	"cmp"
	"fmt"

	"wsperf/cmd/internal/job"
	"wsperf/stats/comparison"
)

// plan is what to compare, and how.
type plan struct {
	options Options
	testees []Testee
	loads   []Load
}

// addLoad adds the load of the command line, unless the plan has loads.
func (p *plan) addLoad(o job.Options) {
	if len(p.loads) == 0 {
		p.loads = Load{Name: "default", Options: o}.under(p.options.schemes)
	}
}

// check checks the plan, and each testee under each load.
func (p *plan) check() error {
	if err := cmp.Or(checkTestees(p.testees), checkLoads(p.loads), p.checkQuestions(), p.checkTLS()); err != nil {
		return err
	}
	for _, t := range p.testees {
		for _, l := range p.loads {
			if _, err := job.New(t.under(l, "")); err != nil {
				return fmt.Errorf("testee %s, load %s: %w", t.Name, l.Name, err)
			}
		}
	}
	return nil
}

// checkQuestions checks what to find out.
func (p *plan) checkQuestions() error {
	for _, text := range p.options.Requirements {
		if _, err := comparison.ParseRequirement(text, p.names()); err != nil {
			return fmt.Errorf("--require %q: %w", text, err)
		}
	}
	return p.options.check(p.testees)
}

func (p *plan) names() (all []string) {
	for _, t := range p.testees {
		all = append(all, t.Name)
	}
	return all
}

// under returns what to run to measure the testee under a load.
func (t *Testee) under(l Load, out string) job.Options {
	o := l.Options
	o.URL, o.Out = l.Scheme.url(t), out
	switch {
	case !job.Secure(o.URL):
		o.WithoutTLS() // it is compared with wss://
	case l.Scheme == SchemeResumed:
		o.TLS.ResumePercent = 100
	}
	return o
}

// study returns a study without a run.
func (p *plan) study() *comparison.Study {
	s := &comparison.Study{Testees: p.names(), Seed: p.options.Seed, Level: p.options.level(), Baseline: p.options.Baseline}
	for i := range p.loads {
		l := p.loads[i].described(p.options.Measure)
		l.Required = p.required()
		s.Loads = append(s.Loads, l)
	}
	return s
}

// required returns the measures that requirements are about.
func (p *plan) required() (all []string) {
	for _, text := range p.options.Requirements {
		if q, err := comparison.ParseRequirement(text, p.names()); err == nil { // it was checked
			all = append(all, q.Measure())
		}
	}
	return all
}

// described returns the load as a report tells it.
func (l *Load) described(measure string) comparison.Load {
	d := comparison.Load{Name: l.Name, Text: l.Options.LoadText(), Measure: measure}
	if l.Scheme != "" {
		d.Text += ", scheme " + string(l.Scheme)
	}
	switch {
	case measure != "":
	case l.Options.Open():
		d.Measure = "ready.q99"
	default:
		d.Measure = "rate"
	}
	return d
}
