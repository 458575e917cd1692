package file

import (
	"strings"
	"testing"

	"wsperf/stats"
)

// TestWithin: every number is found, wherever it is nested, and named by its keys.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		name  string
		key   string
		value any
		want  string // empty: within
	}{
		{"a number", "n", 10, ""},
		{"above", "n", 11, `key "n": 11 is out of range, must be 0 to 10`},
		{"below", "n", -1, `key "n": -1 is out of range`},
		{"beyond int64", "n", uint64(1) << 63, `key "n": -9223372036854775808 is out of range`},
		{"in a list", "n", []int{1, 11}, `key "n[1]": 11`},
		{"in a map", "n", map[string]uint64{"b": 12, "a": 11}, `key "n.a": 11`},
		{"a long key", "n", map[string]uint64{strings.Repeat("k", 50): 11}, `key "n.` + strings.Repeat("k", 40) + `...": 11`},
		{"in an object", "", stats.Counts{Fin: stats.FinResult{Reset: 11}}, `key "fin.reset": 11`},
		{"an optional key", "", stats.Counts{Unmeasured: stats.UnmeasuredResult{Fail: 11}}, `key "unmeasured.fail": 11`},
		{"not in the file", "", stats.Counts{Causes: [stats.NumCauses]uint64{11}}, ""},
		{"a smaller bound", "loops", []stats.LoopResult{{CPU: -1}}, ""},
		{"below the smaller bound", "loops", []stats.LoopResult{{CPU: -2}}, `key "loops[0].cpu": -2 is out of range, must be -1 to 10`},
		{"beside the smaller bound", "loops", []stats.LoopResult{{CPUUs: -1}}, `key "loops[0].cpu_us": -1 is out of range, must be 0 to 10`},
	} {
		got := ""
		if err := within(10, c.key, c.value); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
