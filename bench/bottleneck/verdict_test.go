package bottleneck

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"

	"wsperf/engine/host"
	"wsperf/stats"
)

var (
	runs  = flag.Int("runs", 0, "make each scenario so many times; 0: until the verdict is right, at most 3 times")
	table = flag.String("table", "", "write the hits of each scenario to this file")
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
	hits := hits{load: loadAverage(), client: allowed[0], testee: allowed[1]}
	for _, s := range scenarios() {
		if testing.Short() && !s.short {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			c := count{runs: *runs}
			for c.goesOn() {
				t.Run("run", func(t *testing.T) {
					hits.made(try(s, &stage{T: t, client: allowed[0], testee: allowed[1]}, &c))
				})
			}
			hits.add(s.name, &c)
			c.judge(t)
		})
	}
	if *table != "" {
		hits.write(t, *table)
	}
}

// try makes a scenario and counts it. A run that fails counts as made.
func try(s scenario, t *stage, c *count) *stats.Result {
	c.made++
	defer func() { c.skipped = c.skipped || t.Skipped() }()
	r, right := s.made(t)
	if c.add(r.Verdict.Kind, right, t.others, t.busy()) {
		t.Logf("%s: %s; others used %.2f CPUs", r.Verdict.Kind, r.Verdict.Reason, t.others)
	} else {
		t.Logf("not %v, others used %.2f CPUs, timers late: %v: %s", right, t.others, t.late, evidence(r))
	}
	return r
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
