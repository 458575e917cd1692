package comparison

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"wsperf/stats"
)

// writeBenchmark writes a line per run in Go's benchmark format
// (golang.org/design/14313-benchmark-format). benchstat -col /testee compares the testees.
func writeBenchmark(w io.Writer, s *Study) error {
	out := bufio.NewWriter(w) // keeps the first error
	fmt.Fprintln(out, "goos: linux")
	for _, unit := range []string{"rate/s", "success", "made%", "handshakes/s"} {
		fmt.Fprintf(out, "Unit %s better=higher\n", unit)
	}
	for _, r := range s.Runs {
		if len(r.Values) == 0 {
			continue
		}
		fmt.Fprintf(out, "BenchmarkHandshake/load=%s/testee=%s 1", s.Loads[r.Load].Name, s.Testees[r.Testee])
		for _, name := range s.Loads[r.Load].Measures() {
			if v := r.Values[name]; v != nil {
				writeBenchmarkValue(out, name, *v)
			}
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// writeBenchmarkValue writes times in ns, because benchstat scales them, and bytes in B.
func writeBenchmarkValue(out io.Writer, name string, v float64) {
	switch unit := unitOf(name); unit {
	case stats.UnitMicroseconds:
		fmt.Fprintf(out, " %s %s-ns", decimal(v*1000), name)
	case stats.UnitBytes:
		fmt.Fprintf(out, " %s %s-B", decimal(v), name)
	case stats.UnitPerSecond:
		fmt.Fprintf(out, " %s %s", decimal(v), strings.TrimSuffix(name, "/s")+"/s")
	default:
		fmt.Fprintf(out, " %s %s", decimal(v), name)
	}
}
