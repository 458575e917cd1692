package report

import (
	"fmt"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestDifferencesAreEscapedAndFew(t *testing.T) {
	r := example.Plain()
	for i := range 30 {
		r.Differences = append(r.Differences, stats.Difference{Name: fmt.Sprintf("\x1b[2J%d", i), Values: []string{example.EvilReply, strings.Repeat("x", 900)}})
	}
	var out strings.Builder
	if err := Text(&out, r); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(line, `The runs differ in: \x1b[2J0 (HTTP/1.1 503 \x1b]0;steer\a`) || !strings.HasSuffix(line, "), and in 24 more (--json).") {
		t.Errorf("%q", line)
	}
	if len(line) > maxDifferencesShown*200 || strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("%d characters: %q", len(line), line)
	}
}
