package main

import (
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/require"
)

// TestHelpNamesEveryMeasure looks up the phases, and the measures that the error of an
// unknown one lists before the causes.
func TestHelpNamesEveryMeasure(t *testing.T) {
	_, err := require.Parse("nothing < 1")
	_, list, _ := strings.Cut(err.Error(), "must be ")
	list, _, found := strings.Cut(list, ", cause.")
	if !found {
		t.Fatalf("no causes in %v", err)
	}
	names := strings.Split(list, ", ")
	for p := range stats.Phase(stats.NumPhases) {
		names = append(names, p.String())
	}
	help := strings.ReplaceAll(requireLong, ", .", ", fin.") // "fin.received, .reset"
	for _, name := range names {
		if !strings.Contains(help, " "+name+" ") && !strings.Contains(help, " "+name+",") {
			t.Errorf("the help of --require lacks %s", name)
		}
	}
}
