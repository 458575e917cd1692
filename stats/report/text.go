// Package report draws results for people, and writes them in the formats of other
// programs. It measures and computes nothing that a stats.Result does not hold.
package report

import (
	"bufio"
	"fmt"
	"io"

	"wsperf/stats"
)

// none stands for a number that does not exist.
const none = "-"

// Text writes the report for people: the aggregate block, and under it what
// there is to say about phases, failures, loops and the client's own cost. Of the
// strings that a result file may hold it prints failing replies, addresses, requirements and
// differences only, as printable ASCII. The error is the first one of w.
func Text(w io.Writer, r *stats.Result) error { return writeText(w, sections(r)) }

// writeText puts an empty line between titles and parts.
func writeText(w io.Writer, all []section) error {
	out := bufio.NewWriter(w)
	separator := ""
	for _, s := range all {
		if s.title != "" {
			fmt.Fprintf(out, "%s%s\n", separator, s.title)
			separator = "\n"
		}
		for _, p := range s.parts {
			fmt.Fprint(out, separator)
			textPart(out, p)
			separator = "\n"
		}
	}
	return out.Flush() // bufio keeps the first error
}

func textPart(out io.Writer, p part) {
	switch p := p.(type) {
	case sentence:
		fmt.Fprintln(out, string(p))
	case block:
		textBlock(out, p)
	case table:
		textTable(out, p)
	case details:
		for _, d := range p {
			fmt.Fprintf(out, "  %-9s %s\n", d.name, d.text)
		}
	case failures:
		for _, f := range p {
			textFailure(out, f)
		}
	}
}

// textBlock has the ancestor's layout: values are 10 characters wide.
func textBlock(out io.Writer, b block) {
	for _, f := range b.figures {
		fmt.Fprintf(out, "%*s:%10s", b.labelWidth, f.label, f.value)
		if f.unit != "" {
			fmt.Fprintf(out, " %s", f.unit)
		}
		fmt.Fprintln(out)
	}
}

func textTable(out io.Writer, t table) {
	titles := make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.title
	}
	for _, row := range append([][]string{titles}, t.rows...) {
		fmt.Fprint(out, " ")
		for i, cell := range row {
			fmt.Fprintf(out, " %*s", t.columns[i].width, cell)
		}
		fmt.Fprintln(out)
	}
}

// failureIndent stands before all that is said of a cause under its count.
const failureIndent = "      "

func textFailure(out io.Writer, f failure) {
	fmt.Fprintf(out, "  %-22s %10d", f.name, f.count)
	if f.codes != "" {
		fmt.Fprintf(out, " (%s)", f.codes)
	}
	fmt.Fprintln(out)
	if f.remedy != "" {
		fmt.Fprintf(out, "%s%s\n", failureIndent, f.remedy)
	}
	for _, line := range f.replies {
		fmt.Fprintf(out, "%s%s\n", failureIndent, line)
	}
}
