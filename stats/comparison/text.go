package comparison

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"wsperf/stats"
	"wsperf/stats/require"
)

// Text writes the comparison for people: the conclusion, a table for each load, and what weighs
// on it. Lines have at most 100 columns. All is printable ASCII. The error is the first one of w.
func Text(w io.Writer, s *Study) error {
	out := bufio.NewWriter(w) // keeps the first error
	for i, v := range s.Views() {
		if i > 0 {
			fmt.Fprintln(out)
		}
		writeView(out, &v)
	}
	return out.Flush()
}

func writeView(out io.Writer, v *View) {
	for _, line := range v.Conclusion {
		writeFolded(out, "", line)
	}
	fmt.Fprintf(out, "\n%s\n\n", v.Title)
	writeTable(out, v.Differences)
	fmt.Fprintln(out)
	writeTable(out, v.Medians)
	fmt.Fprintln(out)
	for _, line := range v.Notes {
		writeFolded(out, "  ", line)
	}
}

// columns is the width of the text.
const columns = 100

// writeFolded writes a line as several, if it is too long.
func writeFolded(out io.Writer, indent, text string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) >= columns && line != indent {
			fmt.Fprintln(out, line)
			line = indent + "  "
		}
		if line != indent && !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(out, line)
}

// writeTable aligns the first column to the left, and numbers to the right.
func writeTable(out io.Writer, t Table) {
	widths := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		var line strings.Builder
		for i, cell := range row {
			switch {
			case i == 0 || t.left(i):
				fmt.Fprintf(&line, "  %-*s", widths[i], cell)
			default:
				fmt.Fprintf(&line, "  %*s", widths[i], cell)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// valueText writes a value with 4 significant digits at least, in the unit that suits it.
func valueText(v float64, unit string) string {
	v, unit = stats.Scaled(v, unit)
	text := significant(v)
	switch unit {
	case stats.UnitNone:
		return text
	case stats.UnitPerSecond, stats.UnitPercent:
		return text + unit
	}
	return text + " " + unit
}

// significant writes a number with 4 significant digits, or all before its point.
func significant(v float64) string {
	const digits = 4
	if v == 0 {
		return "0"
	}
	places := max(0, digits-1-int(math.Floor(math.Log10(math.Abs(v)))))
	if v == math.Trunc(v) {
		places = 0
	}
	return strconv.FormatFloat(v, 'f', min(places, digits), 64)
}

// percentText writes by how much a ratio differs from 1: "+12.3 %".
func percentText(ratio float64) string { return fmt.Sprintf("%+.1f %%", (ratio-1)*100) }

// shareText writes a share without its sign.
func shareText(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.1f %%", share*100)
	}
	return fmt.Sprintf("%.0f %%", share*100)
}

// rangeText writes the interval of a pair.
func rangeText(p *Pair) string {
	if !p.Bounded() {
		return "-"
	}
	return fmt.Sprintf("%+.1f to %+.1f %%", (p.Low-1)*100, (p.High-1)*100)
}

func probabilityText(p float64) string {
	switch {
	case p < 0.001:
		return "<0.001"
	case p < 0.1:
		return fmt.Sprintf("%.3f", p)
	}
	return fmt.Sprintf("%.2f", p)
}

func unitOf(measure string) string {
	m, err := require.Find(measure)
	if err != nil {
		return stats.UnitNone
	}
	return m.Unit()
}

// Progress returns the lines of the table in which the testees are compared under a load.
func (s *Study) Progress(load int) []string {
	l := &s.Loads[load]
	var out strings.Builder
	fmt.Fprintf(&out, "Load %s: %s\n", l.Name, l.Text)
	writeTable(&out, s.differences(l, s.Rank(load, l.Measure)))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}
