package report

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsperf/stats/internal/example"
)

// TestTableIsTidy: every row has all columns, and every value is a number.
func TestTableIsTidy(t *testing.T) {
	for name, r := range results() {
		text := as(t, "csv", r)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || !slices.Equal(rows[0], csvColumns) {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		seen := map[string]bool{}
		for _, row := range rows[1:] {
			key := strings.Join(row[:6], ",")
			if seen[key] {
				t.Errorf("%s: two rows %s", name, key)
			}
			seen[key] = true
			checkNumbers(t, name, row)
		}
		if strings.Contains(text, `"`) {
			t.Errorf("%s has quotes:\n%s", name, text)
		}
	}
}

func checkNumbers(t *testing.T, name string, row []string) {
	t.Helper()
	for _, column := range []string{"start_s", "length_s", "quantile", "value"} {
		cell := row[slices.Index(csvColumns, column)]
		if _, err := strconv.ParseFloat(cell, 64); err != nil && (cell != "" || column != "quantile") {
			t.Errorf("%s: %s %q in %q", name, column, cell, row)
		}
	}
}

func TestTableHas(t *testing.T) {
	for _, row := range []string{
		",total,,,,199,\n", ",fail,,,,6,\n", ",cause.open_status,,,,4,\n", ",fin.reset,,,,2,\n",
		",memory.peak,,,,25300000,B\n", ",count,open,success,,193,\n", ",count,connect,failure,,6,\n",
		",min,open,success,,1000,us\n", ",quantile,open,success,0.5,",
	} {
		if got := as(t, "csv", example.Full()); !strings.Contains(got, row) {
			t.Errorf("no %q in\n%s", row, got)
		}
	}
	if got := as(t, "csv", example.Full()); strings.Contains(got, "cause.open_eof") || strings.Contains(got, "due") {
		t.Errorf("a cause that did not occur, or starts that are due in a closed loop:\n%s", got)
	}
	if got := as(t, "csv", example.Overloaded()); !strings.Contains(got, ",due,,,,1000,\n") || !strings.Contains(got, ",owed,,,,5,\n") {
		t.Errorf("no starts that are due in\n%s", got)
	}
}

// TestTableOfIntervals: the rows of an interval begin with its place in the run.
func TestTableOfIntervals(t *testing.T) {
	got := as(t, "csv", example.Intervals())
	for _, want := range []string{
		"\n0,2.25,success,,,,600,\n", "\n0,2.25,count,open,success,,600,\n", "\n0,1,success,,,,100,\n", "\n1,1,count,open,success,,200,\n",
		"\n2,0.25,in_flight,,,,6,\n", "\n2,0.25,cause.open_reset,,,,2,\n", "\n2,0.25,quantile,late,success,0.99,911,us\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
