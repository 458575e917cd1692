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
		row := []string{outcome, Escaped(f.Expression), Escaped(f.FoundText())}
		widest = max(widest, len(row[1]))
		rows = append(rows, row)
	}
	columns := []Column{{"outcome", -len("NOT MET")}, {"requirement", -max(widest, len("requirement"))}, {"found", 0}}
	return Section{Title: "Requirements", Parts: []Part{Table{Columns: columns, Rows: rows}}}
}

// Escaped writes text as printable ASCII: a file can have any, such as characters that turn the direction
// of what follows them.
func Escaped(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}
