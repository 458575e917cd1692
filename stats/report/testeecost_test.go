package report

import (
	"bytes"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// shownTestee returns the lines of the section.
func shownTestee(t *testing.T, c stats.TesteeCost) (lines []string) {
	t.Helper()
	r := example.Plain()
	r.TesteeCost = c
	var out bytes.Buffer
	if err := Text(&out, r); err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(out.String(), "\nTestee\n\n")
	if !found {
		return nil
	}
	text, _, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		if len(strings.TrimSpace(line)) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// TestUnknownTesteeCost: there is one line that says why.
func TestUnknownTesteeCost(t *testing.T) {
	for unknown := range testeeUnknown {
		if lines := shownTestee(t, stats.TesteeCost{Unknown: unknown}); len(lines) != 1 {
			t.Errorf("%s: %q", unknown, lines)
		}
	}
	if lines := shownTestee(t, stats.TesteeCost{Unknown: "later\x1b[2J"}); len(lines) != 1 || lines[0] != `Cost      not known: later\x1b[2J` {
		t.Errorf("%q", lines)
	}
	if lines := shownTestee(t, stats.TesteeCost{}); lines != nil {
		t.Errorf("%q of an older file", lines)
	}
}

// TestTesteeCost: the lines fit into 100 columns with large numbers, and what is not known is not
// shown as 0.
func TestTesteeCost(t *testing.T) {
	large := example.TesteeCost()
	large.Counters = stats.Counters{} // a line as long as that of the client
	large.Processes, large.Threads, large.UserUs, large.BusiestShare, large.RunWaitUs = 256, 99999, 1e9, 1.234, 1e12
	large.PeakMemoryBytes, large.AllowedCPUs = 1e12, strings.Repeat("0,2,", 300)
	if lines := shownTestee(t, large); len(lines) != 8 {
		t.Errorf("%q", lines)
	}
	small := stats.TesteeCost{FoundBy: stats.FoundByPID, Processes: 1, Threads: 300, UserUs: 100, Unwatched: 1}
	want := []string{"CPU       1.0 us user, 0.0 us system per connection started, of 1 process", "Threads   300, too many to look at each", "Memory    0.0 MB at the peak, 0.0 MB at the end"}
	if lines := shownTestee(t, small); strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", lines, want)
	}
}
