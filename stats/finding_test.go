package stats

import (
	"strings"
	"testing"
)

func TestFoundText(t *testing.T) {
	for _, c := range []struct {
		found float64
		unit  string
		want  string
	}{
		{0, UnitMicroseconds, "0 us"}, {999, UnitMicroseconds, "999 us"}, {31.25, UnitMicroseconds, "31.25 us"},
		{1000, UnitMicroseconds, "1 ms"}, {5003, UnitMicroseconds, "5.003 ms"}, {999_936, UnitMicroseconds, "999.936 ms"},
		{1e6, UnitMicroseconds, "1 s"}, {600_047_615, UnitMicroseconds, "600.048 s"},
		{0.1, UnitPercent, "0.1 %"}, {100.0 / 3, UnitPercent, "33.3333 %"}, {1e-5, UnitPercent, "0.00001 %"}, {100, UnitPercent, "100 %"},
		{14796.4321, UnitPerSecond, "14796.4 /s"}, {1234567.8, UnitPerSecond, "1234568 /s"}, {0, UnitPerSecond, "0 /s"},
		{1 << 48, UnitNone, "281474976710656"}, {7, "MB", "7 MB"},
	} {
		if got := (Finding{Found: &c.found, Unit: c.unit}).FoundText(); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.found, c.unit, got, c.want)
		}
	}
	if got := (Finding{Unit: UnitPercent}).FoundText(); got != "no value" {
		t.Errorf("without a value: %q", got)
	}
}

func TestCheckFindings(t *testing.T) {
	zero := 0.0
	const texts = "requirement 0: expression and unit must be printable ASCII of at most 200 and 16 characters"
	for _, c := range []struct {
		name     string
		findings []Finding
		want     string
	}{
		{"good", []Finding{{Expression: "fail == 0", Found: &zero, Unit: "~ ~", Met: true}, {Expression: strings.Repeat("x", 200)}}, ""},
		{"no expression", []Finding{{}}, texts},
		{"long expression", []Finding{{Expression: strings.Repeat("x", 201)}}, texts},
		{"control character", []Finding{{Expression: "fail\x1b[2J"}}, texts},
		{"not ASCII", []Finding{{Expression: "open.q99 < 5\u00b5s"}}, texts},
		{"unit", []Finding{{Expression: "x", Unit: "\x7f"}}, texts},
		{"long unit", []Finding{{Expression: "x", Unit: strings.Repeat("x", 17)}}, texts},
		{"met by nothing", []Finding{{Expression: "x", Met: true}}, "requirement 0 is met without a value"},
		{"many", make([]Finding, 101), "101 requirements, at most 100 are allowed"},
	} {
		r := checkable(t)
		r.Findings = c.findings
		got := ""
		if err := r.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestMergeResultsDropsFindings: 1 failure in each of 2 runs is not 1 failure in their sum.
func TestMergeResultsDropsFindings(t *testing.T) {
	r := checkable(t)
	r.Findings = []Finding{{Expression: "fail <= 1"}}
	merged, err := MergeResults(r, r)
	if err != nil || len(merged.Findings) != 0 || len(r.Findings) != 1 {
		t.Errorf("%v, findings %+v, want none", err, merged.Findings)
	}
}
