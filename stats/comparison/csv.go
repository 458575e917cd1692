package comparison

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

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
