package search

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/report"
	"wsperf/stats/require"
)

// lines writes the search for people. Each step is there as soon as it has ended.
type lines struct {
	to     *bufio.Writer
	widths []int // of the columns of the requirements
	begun  bool
}

// lines returns where the search is written for people: to standard output, unless the document
// goes there.
func (s *Search) lines(u *ui.UI) *lines {
	switch {
	case s.options.JSON && s.options.Quiet:
		return newLines(bufio.NewWriter(io.Discard), s.options.Requirements)
	case s.options.JSON || s.options.Out == job.StandardOutput:
		return newLines(bufio.NewWriter(u.Stderr()), s.options.Requirements)
	}
	return newLines(u.Out, s.options.Requirements)
}

func newLines(to *bufio.Writer, all []require.Requirement) *lines {
	l := &lines{to: to}
	for _, q := range all {
		l.widths = append(l.widths, max(len(q.String()), len("123.456 ms unmet")))
	}
	return l
}

const (
	headFormat = "%12s  %12s  %-8s"
	noteIndent = "              "
)

// step writes the line of a step.
func (l *lines) step(s step, r *stats.Result) error {
	if !l.begun {
		l.begun = true
		l.head(r.Findings)
	}
	fmt.Fprintf(l.to, headFormat, rateText(s.Rate), achieved(r), words[s.Outcome])
	for i, f := range r.Findings {
		l.cell(i, found(f))
	}
	fmt.Fprintln(l.to)
	for line := range strings.Lines(note(s.Outcome, r)) {
		fmt.Fprintf(l.to, "%s%s\n", noteIndent, strings.TrimSuffix(line, "\n"))
	}
	return l.to.Flush()
}

func (l *lines) head(all []stats.Finding) {
	fmt.Fprintf(l.to, headFormat, "rate", "achieved", "outcome")
	for i, f := range all {
		l.cell(i, f.Expression)
	}
	fmt.Fprintln(l.to)
}

// cell writes a cell of a requirement. The last one of a line has no padding.
func (l *lines) cell(i int, text string) {
	width := l.widths[i]
	if i == len(l.widths)-1 {
		width = 0
	}
	fmt.Fprintf(l.to, "  %-*s", width, text)
}

var words = map[Outcome]string{Met: "met", Missed: "missed", Limited: "not kept"}

func found(f stats.Finding) string {
	if f.Met {
		return f.FoundText()
	}
	return f.FoundText() + " unmet"
}

// note says what was wrong at the client's side, if that counts.
func note(o Outcome, r *stats.Result) string {
	n := failedByClient(r)
	switch {
	case o == Limited && n > 0:
		return fmt.Sprintf("%d connections failed by limits of the client.", n)
	case o == Limited || o == Missed && r.Client.SlotWaits > 0:
		return report.NotKept(r)
	}
	return ""
}

// achieved is the rate of the successes without the drain.
func achieved(r *stats.Result) string {
	if perSecond, ok := r.LoadedHandshakesPerSecond(); ok {
		return fmt.Sprintf("%.0f/s", perSecond)
	}
	return "-"
}

// rateText writes a rate with up to 6 significant digits.
func rateText(perSecond float64) string {
	text := strconv.FormatFloat(perSecond, 'g', 6, 64)
	if strings.Contains(text, "e") {
		text = strconv.FormatFloat(perSecond, 'f', 0, 64)
	}
	return text + "/s"
}

// answer writes the end of the search.
func (l *lines) answer(text string, failed *stats.Result) error {
	fmt.Fprintf(l.to, "\n%s\n", text)
	if failed != nil {
		fmt.Fprintf(l.to, "\nAt %s:\n", rateText(failed.Setup.Rate))
		if err := report.WriteFailures(l.to, failed); err != nil {
			return err
		}
	}
	return l.to.Flush()
}
