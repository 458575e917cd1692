//go:build cluster

package cluster

import (
	"strings"
	"testing"

	"wsperf/stats"
)

// scenario is a run that each carrier spreads over three nodes. Its parts share one testee.
type scenario struct {
	name      string
	arguments []string // of wsperf run
	check     func(t *testing.T, parts []*stats.Result)
}

var scenarios = []scenario{
	{"closed loop", []string{"--conns", "2000"}, connections(2000)},
	{"open loop", []string{"--conns", "500", "--rate", "250"}, connections(500)},
}

// connections checks that each part made as many, and that the merged result has them all.
func connections(each uint64) func(*testing.T, []*stats.Result) {
	return func(t *testing.T, parts []*stats.Result) {
		for i, r := range parts {
			if r.Total != each || r.Success != each {
				t.Errorf("part %d: %d connections, %d succeeded", i, r.Total, r.Success)
			}
		}
		merged, err := stats.MergeResults(parts...)
		if err != nil {
			t.Fatal(err)
		}
		if merged.Total != nodes*each {
			t.Errorf("merged: %d connections", merged.Total)
		}
	}
}

func TestScenarios(t *testing.T) {
	for _, c := range carriers {
		for _, s := range scenarios {
			t.Run(c.name+"/"+s.name, func(t *testing.T) {
				c.cluster.need(t)
				arguments := append([]string{"run", c.cluster.testee(t), "--quiet", "--json"}, s.arguments...)
				var parts []*stats.Result
				step(t, "run", func() { parts = c.carry(t, c.cluster, arguments) })
				if len(parts) != nodes {
					t.Fatalf("%d results", len(parts))
				}
				s.check(t, parts)
			})
		}
	}
}

// step is a part of a test, whose time is printed.
func step(t *testing.T, name string, do func()) {
	t.Helper()
	_ = timed(t.Name()+": "+name, func() error { do(); return nil })
}

// TestImage: the program in the image is the one that was built, and runs as nobody.
func TestImage(t *testing.T) {
	c := kubernetes
	c.need(t)
	name := createJob(t, c, job{Network: "pods", Arguments: []string{"version"}})
	step(t, "run", func() { c.kubectl(t, "wait", "--for=condition=complete", "--timeout=90s", "job/"+name) })
	want := c.run(t, programs.Wsperf(t), "version")
	for _, p := range pods(t, c, name) {
		if got := c.kubectl(t, "logs", p.name); strings.TrimSpace(got) != want {
			t.Errorf("%s printed %q, want %q", p.name, got, want)
		}
	}
}

// TestLostNode: a node that is killed is gone for the engine, and is used again when it is back.
func TestLostNode(t *testing.T) {
	for _, c := range []*cluster{kubernetes, slurm} {
		t.Run(c.kind, func(t *testing.T) {
			c.need(t)
			c.kill(t, nodes)
			step(t, "node lost", func() { c.awaitNode(t, c.lost) })
			c.startNode(t, nodes)
			step(t, "node back", func() { c.awaitNode(t, c.back) })
		})
	}
}
