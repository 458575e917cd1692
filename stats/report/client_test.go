package report

import (
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestWaitsNameTheLimit: the report says which limit it was and what to raise.
func TestWaitsNameTheLimit(t *testing.T) {
	const unknown = "a limit of descriptors, local ports or memory"
	for by, want := range map[stats.OpenLimit]string{
		stats.LimitDescriptors:  "ulimit -Hn",
		stats.LimitPorts:        "--source",
		stats.LimitMemory:       "on the machine",
		stats.LimitCgroup:       "memory.max",
		stats.LimitAddressSpace: "ulimit -v",
		"":                      unknown, // an older file, or merged runs with different limits
		"\x1b[2J":               unknown, // a damaged file
	} {
		r := example.Plain()
		r.Client.SlotWaits, r.Setup.MaxOpenBy = 7, by
		got := text(t, r)
		const start = "7 starts were late because only 1000 connections could be open at once, by "
		_, after, found := strings.Cut(got, start)
		line, _, _ := strings.Cut(after, "\n")
		if !found || !strings.Contains(line, want) || strings.Contains(got, "\x1b") {
			t.Errorf("%q: no line with %q and %q in\n%s", by, start, want, got)
		}
	}
}
