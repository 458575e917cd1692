package comparison

import (
	_ "embed"
	"encoding/json"
	"io"
)

// Schema is the name and version of the document's format.
const Schema = "wsperf-comparison/1"

// SchemaJSON is the JSON Schema (draft 2020-12) of the document.
//
//go:embed wsperf-comparison-1.schema.json
var SchemaJSON string

// Document is a comparison as JSON.
type Document struct {
	Schema string `json:"schema"`
	*Study
	Results []Result `json:"results"`
}

// Result is what was found of a load in a measure.
type Result struct {
	Load       string       `json:"load"`
	Measure    string       `json:"measure"`
	Unit       string       `json:"unit"` // empty: a number without one
	Decisive   bool         `json:"decisive"`
	Conclusion []string     `json:"conclusion,omitempty"` // of the measure that decides
	Testees    []TesteeRow  `json:"testees"`              // the best one first
	Pairs      []PairResult `json:"pairs"`
}

// TesteeRow is a testee in a measure.
type TesteeRow struct {
	Testee string   `json:"testee"`
	Rounds int      `json:"rounds"` // in which it has a value
	Median *float64 `json:"median"` // nil: it has none
	Least  *float64 `json:"least"`
	Most   *float64 `json:"most"`
}

// PairResult is how testee B compares with testee A.
type PairResult struct {
	A        string   `json:"a"`
	B        string   `json:"b"`
	Rounds   int      `json:"rounds"`
	Ratio    *float64 `json:"ratio"` // B by A; nil: not known
	Low      *float64 `json:"low"`   // nil: too few rounds for an interval
	High     *float64 `json:"high"`
	P        float64  `json:"p"`
	Adjusted float64  `json:"p_adjusted"`
	Smallest *float64 `json:"smallest_difference"` // a share; nil: too few rounds for any
	Differ   bool     `json:"differ"`
}

// NewDocument returns the document of a study.
func NewDocument(s *Study) Document {
	d := Document{Schema: Schema, Study: s, Results: []Result{}}
	for i := range s.Loads {
		l := &s.Loads[i]
		for _, name := range l.Measures() {
			d.Results = append(d.Results, s.result(i, name))
		}
	}
	return d
}

func (s *Study) result(load int, measure string) Result {
	l, r := &s.Loads[load], s.Rank(load, measure)
	result := Result{Load: l.Name, Measure: measure, Unit: unitOf(measure), Decisive: measure == l.Measure, Testees: []TesteeRow{}, Pairs: []PairResult{}}
	if result.Decisive {
		result.Conclusion = s.conclusion(l, r)
	}
	for _, row := range r.Rows {
		t := TesteeRow{Testee: s.Testees[row.Testee], Rounds: row.Rounds}
		if row.Rounds > 0 {
			t.Median, t.Least, t.Most = &row.Median, &row.Least, &row.Most
		}
		result.Testees = append(result.Testees, t)
	}
	for _, p := range r.Pairs {
		result.Pairs = append(result.Pairs, s.pairResult(p))
	}
	return result
}

func (s *Study) pairResult(p Pair) PairResult {
	return PairResult{
		A: s.Testees[p.A], B: s.Testees[p.B], Rounds: p.Rounds, Ratio: known(p.Ratio), Low: known(p.Low), High: known(p.High),
		P: p.P, Adjusted: p.Adjusted, Smallest: known(p.Smallest), Differ: p.Differ(s.Level),
	}
}

// known returns nil for 0, which stands for a number that is not known.
func known(v float64) *float64 {
	if v == 0 {
		return nil
	}
	return &v
}

func writeJSON(w io.Writer, s *Study) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(NewDocument(s))
}
