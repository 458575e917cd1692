package bottleneck

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// hits is the table of all scenarios, with a heading like those of bench/results.
type hits struct {
	load string // of the machine before the first run

	client, testee int // CPUs
	on             stats.Provenance
	rows           strings.Builder
}

// made is told each result: they are all of the same machine.
func (h *hits) made(r *stats.Result) { h.on = r.Provenance }

func (h *hits) add(name string, c *count) {
	want := make([]string, len(c.want))
	for i, kind := range c.want {
		want[i] = string(kind)
	}
	fmt.Fprintf(&h.rows, "%-46s  %-16s  %6.2f  %v\n", name, strings.Join(want, " or "), c.mostOthers, c)
}

func (h *hits) String() string {
	return fmt.Sprintf(`date: %s
commit: %s
machine: %s, %d CPUs, %s, %s; client on CPU %d, testee on CPU %d, if the scenario says nothing else; load average before: %s

Situations whose bottleneck is known, and how often the verdict names it: go test ./bench/bottleneck -run '%s' -runs %d -table FILE

Others: most CPUs that programs outside of the scenario used in one of its runs. Kinds after the hits are wrong verdicts.

%-46s  %-16s  %6s  %s
%s`, time.Now().UTC().Format(time.DateOnly), commit(), h.on.CPUModel, h.on.CPUs, h.on.System, runtime.Version(), h.client, h.testee, h.load, flag.Lookup("test.run").Value, *runs,
		"scenario", "right", "others", "hits", h.rows.String())
}

func (h *hits) write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(h.String()), 0o644); err != nil {
		t.Error(err)
	}
}

// commit returns what wsperf was built from. The go command does not record it in all work trees.
func commit() string {
	name, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude", "*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}

// loadAverage returns that of a minute (proc_loadavg(5)), empty if it is not known.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
