package require

import (
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestValuesAreThoseOfRequirements: a value has the name by which a requirement finds it.
func TestValuesAreThoseOfRequirements(t *testing.T) {
	for _, r := range []*stats.Result{example.Full(), example.Failed(), example.Overloaded()} {
		found := map[string]bool{}
		for _, v := range Values(r) {
			m, err := find(v.Name)
			if err != nil || found[v.Name] {
				t.Errorf("%s: %v, or twice", v.Name, err)
				continue
			}
			found[v.Name] = true
			if want, ok := m.of(r); !ok || want != v.Value || v.Unit != m.unit.symbol {
				t.Errorf("%s: %v %s, want %v, %v", v.Name, v.Value, v.Unit, want, ok)
			}
		}
		if !found["total"] || found["cause.open_eof"] || found["made%"] != (r.Load.Mode == stats.ModeOpen) {
			t.Errorf("found %v", found)
		}
	}
}
