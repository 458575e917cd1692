package stats

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Difference is something that bears on what was measured, and that is not the same in all
// results that were merged. The JSON keys are those of the result file.
type Difference struct {
	Name   string   `json:"name"`   // such as "kernel", printable ASCII
	Values []string `json:"values"` // the first MaxDifferentValues of them, printable ASCII
}

// MaxDifferentValues bounds Difference.Values.
const MaxDifferentValues = 8

// maxDifferences is enough for all traits of results whose facts are of the same names.
const maxDifferences = 2*maxFacts + 64

// traits are what the results that were merged into one have in common or not: the values
// of each name, in the order in which they came.
type traits struct {
	names  []string // in the order of the report
	values map[string][]string
}

// trait is a setting that bears on what is measured, as text. An empty text is not known,
// and not compared.
type trait struct {
	name string
	of   func(*Result) string
}

// settings are the traits of every result. Where processes of one run differ by design, as
// in CPUs and result files, there is no trait.
var settings = []trait{
	{"testee", func(r *Result) string { return cmp.Or(r.Provenance.Testee, r.Setup.URL) }},
	{"load", loadTrait},
	{"TLS", func(r *Result) string { return r.Setup.TLS.Text() }},
	{"loops", func(r *Result) string { return known(int64(r.Setup.Loops)) }},
	{"version", func(r *Result) string { return r.Setup.Version }},
	{"commit", func(r *Result) string { return r.Provenance.Commit }},
	{"Go version", func(r *Result) string { return r.Setup.GoVersion }},
	{"kernel", func(r *Result) string { return r.Setup.Kernel }},
	{"CPU model", func(r *Result) string { return r.Provenance.CPUModel }},
	{"CPUs", func(r *Result) string { return known(int64(r.Provenance.CPUs)) }},
	{"allowed CPUs", func(r *Result) string { return r.Provenance.AllowedCPUs }},
	{"governor", func(r *Result) string { return r.Provenance.Governor }},
	{"clock source", func(r *Result) string { return r.Provenance.ClockSource }},
	{"mitigations option", func(r *Result) string { return r.Provenance.MitigationsOption }},
}

// loadTrait is empty for a part of a run, whose share may differ from that of another part.
func loadTrait(r *Result) string {
	if len(r.Parts) > 0 {
		return ""
	}
	return r.Setup.LoadText()
}

func known(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// LoadText describes the load in one text, empty for a file of the ancestor, which has none.
func (s *Setup) LoadText() (text string) {
	switch {
	case s.Connections > 0:
		text = fmt.Sprintf("%d connections", s.Connections)
	case s.DurationUs > 0:
		text = lengthText(s.DurationUs)
	default:
		return ""
	}
	switch {
	case s.Rate > 0:
		text += fmt.Sprintf(" at %.6g/s %s", s.Rate, s.Arrivals)
	case len(s.Stages) > 0:
		text += fmt.Sprintf(" in stages %s%s", stagesText(s.Stages), s.Arrivals)
	default:
		text += fmt.Sprintf(" at %d/%d in flight", s.Low, s.High)
	}
	switch {
	case s.WarmupUs > 0:
		text += " after " + lengthText(s.WarmupUs) + " of warm-up"
	case s.WarmupConnections > 0:
		text += fmt.Sprintf(" after %d to warm up", s.WarmupConnections)
	}
	return text
}

func stagesText(stages []Stage) (text string) {
	for _, s := range stages[:min(len(stages), MaxDifferentValues)] {
		text += fmt.Sprintf("%.6g..%.6g:%s ", s.From, s.To, lengthText(s.LengthUs))
	}
	return text
}

func lengthText(us int64) string { return (time.Duration(us) * time.Microsecond).String() }

// traitsOf returns the traits of a result, and the differences that it is known to have.
func traitsOf(r *Result) *traits {
	if r.traits != nil {
		return r.traits
	}
	t := &traits{values: make(map[string][]string)}
	for _, s := range settings {
		t.add(s.name, s.of(r))
	}
	for _, facts := range []map[string]string{r.Provenance.Sysctls, r.Provenance.Mitigations} {
		for _, name := range slices.Sorted(maps.Keys(facts)) {
			t.add(name, facts[name])
		}
	}
	for _, d := range r.Differences {
		t.add(d.Name, d.Values...)
	}
	return t
}

// add adds values of a name. It drops what would exceed a limit.
func (t *traits) add(name string, values ...string) {
	had, found := t.values[name]
	if !found && len(t.names) >= maxDifferences {
		return
	}
	for _, v := range values {
		v = clipASCII(v)
		if v != "" && len(had) < MaxDifferentValues && !slices.Contains(had, v) {
			had = append(had, v)
		}
	}
	if !found {
		t.names = append(t.names, name)
	}
	t.values[name] = had
}

// clipASCII makes a text printable ASCII of at most MaxFactBytes.
func clipASCII(text string) string {
	if !printableASCII(text, len(text)) {
		quoted := strconv.QuoteToASCII(text)
		text = quoted[1 : len(quoted)-1]
	}
	return text[:min(len(text), MaxFactBytes)]
}

// differences lists the names that have several values.
func (t *traits) differences() (all []Difference) {
	for _, name := range t.names {
		if v := t.values[name]; len(v) > 1 {
			all = append(all, Difference{name, v})
		}
	}
	return all
}

// addAll adds the values of other traits.
func (t *traits) addAll(other *traits) {
	for _, name := range other.names {
		t.add(name, other.values[name]...)
	}
}

func checkDifferences(all []Difference) error {
	if n := len(all); n > maxDifferences {
		return fmt.Errorf("%d differences, at most %d are allowed", n, maxDifferences)
	}
	for _, d := range all {
		if n := len(d.Values); n < 2 || n > MaxDifferentValues {
			return fmt.Errorf("a difference has %d values, must be 2 to %d", n, MaxDifferentValues)
		}
		for _, text := range append([]string{d.Name}, d.Values...) {
			if text == "" || !printableASCII(text, MaxFactBytes) {
				return fmt.Errorf("differences must be printable ASCII of 1 to %d characters", MaxFactBytes)
			}
		}
	}
	return nil
}
