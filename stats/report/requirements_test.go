package report

import (
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestRequirementsAreEscaped with texts that Result.Check would refuse.
func TestRequirementsAreEscaped(t *testing.T) {
	r := example.Plain()
	one := 1.0
	r.Findings = []stats.Finding{{Expression: "\x1b[2Jfail\u009b < 1", Found: &one, Unit: "\x07\u00b5"}}
	got := text(t, r)
	if want := `  NOT MET \x1b[2Jfail\u009b < 1 1 \a\u00b5` + "\n"; !strings.HasSuffix(got, want) {
		t.Errorf("no %q at the end of\n%s", want, got)
	}
}
