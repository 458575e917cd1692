package compare

import (
	"testing"
	"time"

	"wsperf/stats/comparison"
)

// measured returns a harness after so many rounds. The second testee's rate is 1.5 times that of the
// first, and rises by spread percent of it over the rounds.
func measured(rounds int, spread float64) *harness {
	p := plan{Default(), []Testee{{Name: "a", URL: "ws://h/"}, {Name: "b", URL: "ws://i/"}}, []Load{{Name: "x", Options: defaultLoad()}}}
	p.options.Rounds = 0
	h := &harness{Comparison: &Comparison{plan: p, study: p.study()}, begun: time.Now()}
	h.study.Rounds = rounds
	for round := range rounds {
		for testee := range 2 {
			v := 100 + float64(testee)*(50+spread*float64(round)/float64(rounds))
			h.study.Runs = append(h.study.Runs, comparison.Run{Round: round, Testee: testee, Values: map[string]*float64{"rate": &v}})
		}
	}
	return h
}

// TestAutomaticRounds: they go on in pairs until they are precise, and end with the budget.
func TestAutomaticRounds(t *testing.T) {
	for _, c := range []struct {
		name   string
		h      *harness
		round  int
		budget time.Duration
		want   bool
	}{
		{"the first", measured(0, 0), 0, time.Nanosecond, true},
		{"too few for a claim", measured(5, 0), 5, time.Hour, true},
		{"precise", measured(6, 0.1), 6, time.Hour, false},
		{"not precise", measured(6, 50), 6, time.Hour, true},
		{"the second of a pair", measured(7, 0.1), 7, time.Hour, true},
		{"the budget is used up", measured(6, 50), 6, time.Microsecond, false},
		{"it is, with too few rounds", measured(2, 50), 2, time.Microsecond, false},
		{"as many as there can be", measured(8, 50), mostRounds, time.Hour, false},
	} {
		c.h.options.BudgetUs = c.budget.Microseconds()
		if got := c.h.wants(c.round); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	h := measured(6, 0.1)
	if h.options.Rounds = 8; !h.wants(7) || h.wants(8) {
		t.Error("8 rounds were asked for")
	}
}

// TestTurns: every testee has a turn under every load, in reverse order in every other round.
func TestTurns(t *testing.T) {
	h := measured(0, 0)
	h.loads = append(h.loads, Load{Name: "y", Options: defaultLoad()})
	first, second := h.turns(0), h.turns(1)
	if len(first) != 4 || len(second) != 4 {
		t.Fatalf("%v, %v", first, second)
	}
	for i := range first {
		if a, b := first[i], second[3-i]; a.testee != b.testee || a.load != b.load || a.round != 0 || b.round != 1 {
			t.Errorf("turn %d: %+v, and in reverse %+v", i, a, b)
		}
	}
}
