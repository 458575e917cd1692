package comparison

import (
	"math"
	"slices"
	"strings"

	"wsperf/stats"
	"wsperf/stats/require"
)

// Study is the runs of testees under loads, in rounds, and what to find out. The JSON keys are
// those of Document.
type Study struct {
	Testees     []string `json:"testees"` // names, printable ASCII
	Loads       []Load   `json:"loads"`
	Rounds      int      `json:"rounds"` // that were begun, each testee having a run under each load
	Seed        uint64   `json:"seed"`   // of the order of turns
	Level       float64  `json:"level"`  // of confidence
	Baseline    string   `json:"baseline,omitempty"`
	Interrupted bool     `json:"interrupted"`        // or otherwise ended before all rounds were made
	Unpaired    bool     `json:"unpaired"`           // the testees share no rounds: those of each are numbered apart
	Warnings    []string `json:"warnings,omitempty"` // sentences about the runs, of printable ASCII
	Runs        []Run    `json:"runs"`               // in the order in which they were made
}

// Load is what the testees were put under.
type Load struct {
	Name    string `json:"name"`
	Text    string `json:"text"`    // what it is, such as "3s at 250/500 in flight"
	Measure string `json:"measure"` // that decides which testee is better

	Required []string `json:"required,omitempty"` // measures that requirements are about
}

// Run is one run of a testee.
type Run struct {
	Round   int                 `json:"round"` // from 0
	Load    int                 `json:"load"`
	Testee  int                 `json:"testee"`
	File    string              `json:"file,omitempty"`    // of its result, in the folder of the comparison
	Problem string              `json:"problem,omitempty"` // why it has no values
	Output  []string            `json:"output,omitempty"`  // the last lines of a testee that failed
	Marks   []Mark              `json:"marks,omitempty"`
	Values  map[string]*float64 `json:"values,omitempty"` // by measure
}

// Describe gives the run what its result says.
func (r *Run) Describe(result *stats.Result, measures []string) {
	r.Marks = marksOf(result)
	r.Values = make(map[string]*float64, len(measures))
	for _, name := range measures {
		m, err := require.Find(name)
		if err != nil {
			continue // none of ours
		}
		if v, ok := m.Of(result); ok && IsValue(v) {
			r.Values[name] = &v
		}
	}
}

// Bounds of values above 0. They are far beyond those of any run, and ratios and intervals of values
// between them are finite.
const (
	leastValue = 1e-18
	mostValue  = 1e24
)

// IsValue reports whether a run can have the value in some measure.
func IsValue(v float64) bool { return v == 0 || v >= leastValue && v <= mostValue } // not for NaN

// shown are the measures of the table, besides the one that decides.
var shown = []string{"rate", "ready.q50", "ready.q99", "testee.cpu", "testee.memory", "fail"}

// Measures returns the measures of the tables: the one that decides, and those that are shown.
func (l *Load) Measures() []string {
	if slices.Contains(shown, l.Measure) {
		return shown
	}
	return append([]string{l.Measure}, shown...)
}

// Kept returns the measures whose values each run keeps.
func (l *Load) Kept() []string { return append(slices.Clip(l.Measures()), l.Required...) }

// higher are the measures of which more is better. Of all others, less is.
var higher = []string{"rate", "handshakes/s", "success", "made%", "fin.received"}

// question returns what to find out of a measure.
func (s *Study) question(measure string) Question {
	q := Question{Level: s.Level, Higher: slices.Contains(higher, measure), Baseline: AllPairs, Unpaired: s.Unpaired}
	if at := slices.Index(s.Testees, s.Baseline); at >= 0 {
		q.Baseline = at
	}
	return q
}

// Values returns the values of a measure under a load, of each testee.
func (s *Study) Values(load int, measure string) []Sample {
	all := make([]Sample, len(s.Testees))
	for i, name := range s.Testees {
		all[i] = Sample{name, slices.Repeat([]float64{math.NaN()}, s.Rounds)}
	}
	for _, r := range s.Runs {
		if v := r.Values[measure]; r.Load == load && v != nil {
			all[r.Testee].Values[r.Round] = *v
		}
	}
	return all
}

// Rank compares the testees under a load in a measure.
func (s *Study) Rank(load int, measure string) *Ranking {
	return Rank(s.Values(load, measure), s.question(measure))
}

// Precise reports whether the rounds tell differences of that share between each two testees,
// under every load.
func (s *Study) Precise(share float64) bool {
	for i, l := range s.Loads {
		for _, p := range s.Rank(i, l.Measure).Pairs {
			if p.Smallest == 0 || p.Smallest > share {
				return false
			}
		}
	}
	return true
}

// Line writes the values of a run as one line.
func (r *Run) Line(measures []string) string {
	var parts []string
	for _, name := range measures {
		if v := r.Values[name]; v != nil {
			parts = append(parts, name+" "+valueText(*v, unitOf(name)))
		}
	}
	text := strings.Join(parts, ", ")
	if len(r.Marks) > 0 {
		text += " (" + marksText(r.Marks) + ")"
	}
	return text
}
