package compare

import (
	"strings"
	"testing"
	"time"

	"wsperf/stats/comparison"
)

func TestLive(t *testing.T) {
	l := &live{}
	if got := l.lines(); got != nil {
		t.Errorf("before the first turn: %q", got)
	}
	l.begin("round 1 of 2: gws", 4)
	if got := l.lines(); len(got) != 1 || got[0] != "round 1 of 2: gws (0s)" {
		t.Errorf("in the first turn: %q", got)
	}
	v := 5.0
	l.end(&comparison.Study{
		Testees: []string{"gws", "ws"}, Rounds: 1, Level: 0.95, Loads: []comparison.Load{{Name: "x", Measure: "rate"}},
		Runs: []comparison.Run{{Values: map[string]*float64{"rate": &v}}},
	}, 0)
	l.begun = time.Now().Add(-10 * time.Second)
	l.begin("round 1 of 2: ws", 3)
	got := l.lines()
	if got[0] != "round 1 of 2: ws (0s), 30s left" || !strings.Contains(strings.Join(got, "\n"), "gws          5/s") {
		t.Errorf("in the second turn:\n%s", strings.Join(got, "\n"))
	}
}
