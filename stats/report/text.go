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
func Text(w io.Writer, r *stats.Result) error { return writeText(w, Sections(r)) }

// writeText puts an empty line between titles and parts.
func writeText(w io.Writer, all []Section) error {
	out := bufio.NewWriter(w)
	separator := ""
	for _, s := range all {
		if s.Title != "" {
			fmt.Fprintf(out, "%s%s\n", separator, s.Title)
			separator = "\n"
		}
		for _, p := range s.Parts {
			fmt.Fprint(out, separator)
			textPart(out, p)
			separator = "\n"
		}
	}
	return out.Flush() // bufio keeps the first error
}

func textPart(out io.Writer, p Part) {
	switch p := p.(type) {
	case Sentence:
		fmt.Fprintln(out, string(p))
	case Block:
		textBlock(out, p)
	case Table:
		textTable(out, p)
	case Details:
		for _, d := range p {
			fmt.Fprintf(out, "  %-9s %s\n", d.Name, d.Text)
		}
	case Failures:
		for _, f := range p {
			textFailure(out, f)
		}
	}
}

// textBlock has the ancestor's layout: values are 10 characters wide.
func textBlock(out io.Writer, b Block) {
	for _, f := range b.Figures {
		fmt.Fprintf(out, "%*s:%10s", b.labelWidth, f.Label, f.Value)
		if f.Unit != "" {
			fmt.Fprintf(out, " %s", f.Unit)
		}
		fmt.Fprintln(out)
	}
}

func textTable(out io.Writer, t Table) {
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	for _, row := range append([][]string{titles}, t.Rows...) {
		fmt.Fprint(out, " ")
		for i, cell := range row {
			fmt.Fprintf(out, " %*s", t.Columns[i].Width, cell)
		}
		fmt.Fprintln(out)
	}
}

// failureIndent stands before all that is said of a cause under its count.
const failureIndent = "      "

func textFailure(out io.Writer, f Failure) {
	fmt.Fprintf(out, "  %-22s %10d", f.Name, f.Count)
	if f.Codes != "" {
		fmt.Fprintf(out, " (%s)", f.Codes)
	}
	fmt.Fprintln(out)
	if f.Remedy != "" {
		fmt.Fprintf(out, "%s%s\n", failureIndent, f.Remedy)
	}
	for _, line := range f.Replies {
		fmt.Fprintf(out, "%s%s\n", failureIndent, line)
	}
}
