package report

import (
	"strconv"

	"wsperf/stats"
)

// requirements has a row for each requirement. A file can hold any text in place of one, so
// it is quoted.
func requirements(r *stats.Result) (s Section) {
	if len(r.Findings) == 0 {
		return s
	}
	var rows [][]string
	widest := 0
	for _, f := range r.Findings {
		outcome := "met"
		if !f.Met {
			outcome = "NOT MET"
		}
		row := []string{outcome, escaped(f.Expression), escaped(f.FoundText())}
		widest = max(widest, len(row[1]))
		rows = append(rows, row)
	}
	columns := []Column{{"outcome", -len("NOT MET")}, {"requirement", -max(widest, len("requirement"))}, {"found", 0}}
	return Section{Title: "Requirements", Parts: []Part{Table{Columns: columns, Rows: rows}}}
}

// escaped writes text as printable ASCII.
func escaped(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}
