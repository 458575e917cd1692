package page

import (
	"maps"
	"slices"
	"strconv"

	"wsperf/stats"
	"wsperf/stats/report"
)

// provenance is with what it was measured. What is not the same for all subjects is told of each.
func provenance(p *Page, _ int) (all []part) {
	if terms := p.told(facts); len(terms) > 0 {
		all = append(all, part{Terms: terms})
	}
	for _, long := range []struct {
		title string
		of    func(*stats.Result) []report.Detail
	}{
		{"Mitigations of the CPU's vulnerabilities", func(r *stats.Result) []report.Detail { return sorted(r.Provenance.Mitigations) }},
		{"Settings of the kernel (sysctl)", func(r *stats.Result) []report.Detail { return sorted(r.Provenance.Sysctls) }},
	} {
		if terms := p.told(long.of); len(terms) > 0 {
			all = append(all, part{Fold: &fold{Title: long.title, Parts: []part{{Terms: terms}}}})
		}
	}
	return all
}

// told tells facts of all subjects.
func (p *Page) told(of func(*stats.Result) []report.Detail) (terms []report.Detail) {
	var names []string
	values := map[string][]string{} // by subject
	for i, s := range p.Subjects {
		for _, f := range of(s.Result) {
			if values[f.Name] == nil {
				names, values[f.Name] = append(names, f.Name), make([]string, len(p.Subjects))
			}
			values[f.Name][i] = report.Escaped(f.Text)
		}
	}
	for _, name := range names {
		terms = append(terms, p.terms(name, values[name])...)
	}
	return terms
}

// terms tells a fact of all subjects.
func (p *Page) terms(name string, values []string) (all []report.Detail) {
	if len(slices.Compact(slices.Clone(values))) == 1 {
		return []report.Detail{{Name: name, Text: values[0]}}
	}
	for i, text := range values {
		if text != "" {
			all = append(all, report.Detail{Name: name, Text: p.name(p.Subjects[i]) + ": " + text})
			name = ""
		}
	}
	return all
}

// facts lists what is known of where a result comes from.
func facts(r *stats.Result) (all []report.Detail) {
	v := &r.Provenance
	all = []report.Detail{
		{Name: "URL", Text: r.Setup.URL}, {Name: "TLS", Text: r.Setup.TLS.Text()}, {Name: "wsperf", Text: r.Setup.Version}, {Name: "commit", Text: v.Commit}, {Name: "Go", Text: r.Setup.GoVersion},
		{Name: "system", Text: v.System}, {Name: "CPU", Text: v.CPUModel}, {Name: "CPUs", Text: number(v.CPUs)}, {Name: "CPUs of wsperf", Text: v.AllowedCPUs},
		{Name: "governor", Text: v.Governor}, {Name: "clock", Text: v.ClockSource}, {Name: "mitigations", Text: v.MitigationsOption},
	}
	if v.System == "" {
		all = append(all, report.Detail{Name: "kernel", Text: r.Setup.Kernel})
	}
	return slices.DeleteFunc(all, func(d report.Detail) bool { return d.Text == "" })
}

// sorted lists what is known by its name.
func sorted(known map[string]string) (all []report.Detail) {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		all = append(all, report.Detail{Name: report.Escaped(name), Text: known[name]})
	}
	return all
}

// number writes one that is known.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
