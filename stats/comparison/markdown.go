package comparison

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

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
