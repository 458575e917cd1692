package comparison

import (
	"bufio"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"wsperf/stats"
)

// Names of formats that callers treat apart.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// format is a form in which a comparison is written.
type format struct {
	name  string
	write func(io.Writer, *Study) error
}

// formats is the table of formats. A new one is a row.
var formats = []format{
	{FormatText, Text},
	{FormatJSON, writeJSON},
	{"md", writeMarkdown},
	{"csv", writeCSV},
	{"bench", writeBenchmark},
}

// CheckFormat returns an error unless WriteAs knows the format. It is one line that names the
// formats there are.
func CheckFormat(name string) error {
	if slices.ContainsFunc(formats, func(f format) bool { return f.name == name }) {
		return nil
	}
	var all []string
	for _, f := range formats {
		all = append(all, f.name)
	}
	return fmt.Errorf("must be %s or %s", strings.Join(all[:len(all)-1], ", "), all[len(all)-1])
}

// WriteAs writes a comparison in the format of that name:
//
//   - text: for people (Text)
//   - json: the document, with what was found (Document)
//   - md: Markdown for a README
//   - csv: one tidy table, a row per value of a run
//   - bench: Go's benchmark format, a line per run, for benchstat
//
// The error is that of CheckFormat, or the first one of w.
func WriteAs(name string, w io.Writer, s *Study) error {
	for _, f := range formats {
		if f.name == name {
			return f.write(w, s)
		}
	}
	return CheckFormat(name)
}

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

// writeMarkdown writes a table for each load. Nothing in it is from a testee but in code spans.
func writeMarkdown(w io.Writer, s *Study) error {
	out := bufio.NewWriter(w) // keeps the first error
	for i, v := range s.Views() {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s\n\n%s\n\n", strings.Join(v.Conclusion, " "), v.Title)
		markdownTable(out, v.Differences.joined(v.Medians))
		fmt.Fprintln(out)
		for _, line := range v.Notes {
			fmt.Fprintf(out, "- %s\n", markdownText(line))
		}
	}
	return out.Flush()
}

// joined returns a table with the columns of both, without the bars. Both have the same rows.
func (t Table) joined(o Table) Table {
	join := func(a, b []string) []string { return slices.Concat(a[:t.bar], b[1:]) }
	joined := Table{Head: join(t.Head, o.Head)}
	for i := range t.Rows {
		joined.Rows = append(joined.Rows, join(t.Rows[i], o.Rows[i]))
	}
	return joined
}

func markdownTable(out io.Writer, t Table) {
	rule := "|---|" + strings.Repeat("---:|", len(t.Head)-1)
	for i, row := range append([][]string{t.Head}, t.Rows...) {
		cells := make([]string, len(row))
		for k, cell := range row {
			cells[k] = markdownText(cell)
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintln(out, rule)
		}
	}
}

// markdownText escapes all that Markdown or HTML could read as markup.
func markdownText(text string) string {
	var b strings.Builder
	for _, c := range text {
		if strings.ContainsRune("\\`*_{}[]<>#|~&!", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// writeCSV writes one tidy table: a row per value of a run.
func writeCSV(w io.Writer, s *Study) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"load", "round", "testee", "measure", "value", "unit", "marks"}) // the writer keeps its error
	for _, r := range s.Runs {
		for _, name := range s.Loads[r.Load].Measures() {
			if v := r.Values[name]; v != nil {
				_ = out.Write([]string{s.Loads[r.Load].Name, strconv.Itoa(r.Round + 1), s.Testees[r.Testee], name, decimal(*v), unitOf(name), marksText(r.Marks)})
			}
		}
	}
	out.Flush()
	return out.Error()
}

func marksText(all []Mark) string {
	var texts []string
	for _, m := range all {
		texts = append(texts, string(m))
	}
	return strings.Join(texts, " ")
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// writeBenchmark writes a line per run in Go's benchmark format
// (golang.org/design/14313-benchmark-format). benchstat -col /testee compares the testees.
func writeBenchmark(w io.Writer, s *Study) error {
	out := bufio.NewWriter(w) // keeps the first error
	fmt.Fprintln(out, "goos: linux")
	for _, unit := range []string{"rate/s", "success", "made%", "handshakes/s"} {
		fmt.Fprintf(out, "Unit %s better=higher\n", unit)
	}
	for _, r := range s.Runs {
		if len(r.Values) == 0 {
			continue
		}
		fmt.Fprintf(out, "BenchmarkHandshake/load=%s/testee=%s 1", s.Loads[r.Load].Name, s.Testees[r.Testee])
		for _, name := range s.Loads[r.Load].Measures() {
			if v := r.Values[name]; v != nil {
				writeBenchmarkValue(out, name, *v)
			}
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// writeBenchmarkValue writes times in ns, because benchstat scales them, and bytes in B.
func writeBenchmarkValue(out io.Writer, name string, v float64) {
	switch unit := unitOf(name); unit {
	case stats.UnitMicroseconds:
		fmt.Fprintf(out, " %s %s-ns", decimal(v*1000), name)
	case stats.UnitBytes:
		fmt.Fprintf(out, " %s %s-B", decimal(v), name)
	case stats.UnitPerSecond:
		fmt.Fprintf(out, " %s %s", decimal(v), strings.TrimSuffix(name, "/s")+"/s")
	default:
		fmt.Fprintf(out, " %s %s", decimal(v), name)
	}
}
