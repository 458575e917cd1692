package bottleneck

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	"wsperf/engine/host"
	"wsperf/stats"
)

var (
	runs  = flag.Int("runs", 1, "make each scenario so many times")
	table = flag.String("table", "", "write the hits of each scenario to this file")
)

// leastHits is the share of runs of a scenario whose verdict must be right.
const leastHits = 0.95

// TestVerdicts makes each scenario. A single run that is wrong is made again: a verdict that is wrong 1 time in
// 20 may be so twice in 400.
func TestVerdicts(t *testing.T) {
	c := twoCPUs(t)
	text := ""
	for _, s := range scenarios() {
		if testing.Short() && !s.short {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			hits, wrong := s.repeat(t, c, *runs)
			if *runs == 1 && hits == 0 {
				hits, wrong = s.repeat(t, c, 1)
			}
			if float64(hits) < leastHits*float64(*runs) {
				t.Errorf("%d of %d verdicts are right", hits, *runs)
			}
			text += fmt.Sprintf("%-50s %3d of %3d  %s\n", s.name, hits, *runs, strings.Join(wrong, " "))
		})
	}
	if *table != "" {
		if err := writeTable(*table, text); err != nil {
			t.Error(err)
		}
	}
}

// repeat makes a scenario several times. It returns how many verdicts were right, and the others.
func (s scenario) repeat(t *testing.T, c cpus, runs int) (hits int, wrong []string) {
	for range runs {
		t.Run("run", func(t *testing.T) {
			r, right := s.made(t, c)
			if holds(right, r) {
				hits++
				t.Logf("%s: %s", r.Verdict.Kind, r.Verdict.Reason)
				return
			}
			wrong = append(wrong, string(r.Verdict.Kind))
			t.Logf("not %v: %s", right, evidence(r))
		})
	}
	return hits, wrong
}

// evidence lists what a verdict is founded on.
func evidence(r *stats.Result) string {
	text := ""
	for _, of := range []struct {
		name  string
		value any
	}{{"verdict", r.Verdict}, {"loops", r.Loops}, {"testee_cost", r.TesteeCost}, {"kernel", r.Kernel}, {"machine", r.Machines}, {"client", r.Client}, {"load", r.Load}, {"loaded", r.Loaded}} {
		line, err := json.Marshal(of.value)
		text += fmt.Sprintf("\n%s: %s", of.name, line)
		if err != nil {
			text += err.Error()
		}
	}
	return fmt.Sprintf("%s\n%v, %d of %d", text, r.Duration(), r.Success, r.Total)
}

func allowedCPUs(t *testing.T) []int {
	t.Helper()
	allowed, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}
