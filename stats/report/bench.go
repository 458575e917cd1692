package report

import (
	"bufio"
	"fmt"
	"io"

	"wsperf/stats"
)

// higherIsBetter are the units of which benchstat cannot know it.
var higherIsBetter = []string{"success", "rate/s", "handshakes/s", "made%"}

// writeBenchmark writes the run as one line of Go's benchmark format
// (golang.org/design/14313-benchmark-format), for benchstat. The name has the load, so that
// benchstat compares runs of the same load; the number of iterations is that of connections.
// Above it, lines of configuration tell the testee and the client. benchstat compares runs
// that differ in one of those if told to: benchstat -ignore url. One that is not the same in
// all of a merged result is empty, and ends that of an earlier benchmark in the same file.
//
// The units are the names of measuresOf, and PHASE.qN-ns for a quantile: benchstat scales ns,
// but not us.
func writeBenchmark(w io.Writer, r *stats.Result) error {
	out := bufio.NewWriter(w)        // keeps the first error
	fmt.Fprintln(out, "goos: linux") // wsperf runs on nothing else
	for _, c := range []Detail{
		{"kernel", r.Setup.Kernel}, {"wsperf", r.Setup.Version}, {"url", r.Setup.URL},
	} {
		fmt.Fprintf(out, "%s: %s\n", c.Name, Escaped(c.Text))
	}
	for _, unit := range higherIsBetter {
		fmt.Fprintf(out, "Unit %s better=higher\n", unit)
	}
	fmt.Fprintf(out, "%s %d", benchmarkName(r), r.Total)
	writeBenchmarkValues(out, r)
	fmt.Fprintln(out)
	return out.Flush()
}

// benchmarkName must not end in "-" and a number, which benchstat takes for GOMAXPROCS.
func benchmarkName(r *stats.Result) string {
	name := "BenchmarkHandshake"
	switch r.Load.Mode {
	case stats.ModeClosed:
		name += fmt.Sprintf("/mode=%s/low=%d/high=%d", r.Load.Mode, r.Setup.Low, r.Setup.High)
	case stats.ModeOpen:
		name += fmt.Sprintf("/mode=%s/offered=%s", r.Load.Mode, decimal(r.Load.Offered))
	}
	return name + fmt.Sprintf("/loops=%d", r.Setup.Loops)
}

func writeBenchmarkValues(out io.Writer, r *stats.Result) {
	for _, m := range measuresOf(r) {
		fmt.Fprintf(out, " %s %s", decimal(m.Value), benchmarkUnit(m.Name, m.Unit))
	}
	for _, p := range stats.PhaseOrder() {
		h := subject(r, p)
		if h.TotalCount() == 0 {
			continue
		}
		fmt.Fprintf(out, " %s %v.mean-ns", decimal(h.Mean()*1000), p)
		for _, q := range quantilesOf(h) {
			fmt.Fprintf(out, " %d %v.%s-ns", q.us*1000, p, q.name)
		}
		fmt.Fprintf(out, " %d %v.max-ns", h.Max()*1000, p)
	}
}

// benchmarkUnit returns a unit that tells a value from all others of the line.
func benchmarkUnit(name, unit string) string {
	switch unit {
	case stats.UnitMicroseconds: // a cost per connection
		return name + "-us/op"
	case stats.UnitPerSecond:
		if name == "handshakes/s" {
			return name
		}
		return name + unit
	case stats.UnitNone, stats.UnitPercent: // the name says it
		return name
	}
	return name + "-" + unit
}
