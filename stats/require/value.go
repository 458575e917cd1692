package require

import "wsperf/stats"

// Value is a measure and what it is in a result.
type Value struct {
	Name  string  // as a requirement names it, such as "fail%"
	Value float64 // finite
	Unit  string  // stats.UnitNone or another of its kind
}

// Values returns the measures that have a value in the result, in the order of their tables.
// Those of phases are not among them, because a phase has any number of quantiles. A cause
// that no failure was charged to is left out.
func Values(r *stats.Result) (all []Value) {
	for _, m := range figures() {
		all = appendValue(all, m, r)
	}
	for _, m := range causes() {
		if v, _ := m.of(r); v > 0 {
			all = appendValue(all, m, r)
		}
	}
	return all
}

func appendValue(all []Value, m measure, r *stats.Result) []Value {
	v, ok := m.of(r)
	if !ok {
		return all
	}
	return append(all, Value{m.name, v, m.unit.symbol})
}
