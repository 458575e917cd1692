package bottleneck

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wsperf/engine/host"
	"wsperf/stats"
)

var (
	runs  = flag.Int("runs", 0, "make each scenario so many times; 0: until the verdict is right, at most 3 times")
	table = flag.String("table", "", "write the hits of each scenario to this file")
)

const (
	// leastHits is the share of the runs of a scenario whose verdict must be right.
	leastHits = 0.95

	// tries is how often a scenario is made in an ordinary test: a verdict that is wrong 1 time in
	// 20 is wrong three times in a row 1 time in 8000.
	tries = 3

	// mostOthers is how many CPUs other programs may use. With more, what bounds the run is not
	// what the scenario wants.
	mostOthers = 0.1
)

// TestVerdicts makes each scenario.
func TestVerdicts(t *testing.T) {
	allowed, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if len(allowed) < 2 {
		t.Skip("needs 2 CPUs")
	}
	text := ""
	for _, s := range scenarios() {
		if testing.Short() && !s.short {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			c := count{}
			for c.goesOn() {
				t.Run("run", func(t *testing.T) {
					c.add(s, &stage{T: t, client: allowed[0], testee: allowed[1]})
				})
			}
			text += fmt.Sprintf("%-48s %v\n", s.name, c)
			c.judge(t)
		})
	}
	if *table == "" {
		return
	}
	if err := os.WriteFile(*table, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

// count counts the runs of a scenario. Those that did not come to a verdict are not in made.
type count struct {
	made, right, disturbed int
	wrong                  []string
	skipped                bool
}

// goesOn reports whether another run is to be made.
func (c *count) goesOn() bool {
	if c.skipped || *runs > 0 {
		return !c.skipped && c.made < *runs
	}
	return c.right == 0 && c.made < tries
}

// add makes the scenario.
func (c *count) add(s scenario, t *stage) {
	c.skipped = true
	defer func() { c.skipped = c.skipped && t.Skipped() }()
	c.made++ // even if it fails
	r, right := s.made(t)
	if slices.Contains(right, r.Verdict.Kind) {
		c.right++
		t.Logf("%s: %s; others used %.2f CPUs", r.Verdict.Kind, r.Verdict.Reason, t.others)
		return
	}
	c.wrong = append(c.wrong, string(r.Verdict.Kind))
	if t.others > mostOthers {
		c.disturbed++
	}
	t.Logf("not %v, others used %.2f CPUs: %s", right, t.others, evidence(r))
}

func (c count) String() string {
	return strings.TrimSpace(fmt.Sprintf("%2d of %2d  %s", c.right, c.made, strings.Join(c.wrong, " ")))
}

func (c *count) judge(t *testing.T) {
	switch {
	case c.skipped:
		t.Skip("see its run")
	case *runs == 0 && c.right > 0, *runs > 0 && float64(c.right) >= leastHits*float64(c.made):
	case c.disturbed > 0:
		t.Skipf("the machine is busy: %v, other programs disturbed %d", c, c.disturbed)
	default:
		t.Errorf("right: %v", c)
	}
}

// evidence lists what a verdict is founded on.
func evidence(r *stats.Result) string {
	text := ""
	for _, of := range []struct {
		name  string
		value any
	}{
		{"verdict", r.Verdict}, {"loops", r.Loops}, {"testee_cost", r.TesteeCost}, {"kernel", r.Kernel}, {"machine", r.Machines},
		{"client", r.Client}, {"load", r.Load}, {"loaded", r.Loaded},
	} {
		line, err := json.Marshal(of.value)
		if err != nil {
			line = []byte(err.Error())
		}
		text += fmt.Sprintf("\n%s: %s", of.name, line)
	}
	return fmt.Sprintf("%s\n%v, %d of %d", text, r.Duration(), r.Success, r.Total)
}
