// Package report turns results into bytes and result files into results. It
// measures nothing: everything that it prints is in the stats.Result.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// none stands for a number that does not exist.
const none = "-"

// Text writes the report for people: the aggregate block, and under it what
// there is to say about phases, failures, loops and the client's own cost. It
// prints numbers only, none of the strings that a result file may hold. The
// error is the first one of w.
func Text(w io.Writer, r *stats.Result) error {
	out := bufio.NewWriter(w)
	aggregate(out, r)
	if r.Interrupted {
		fmt.Fprint(out, "\nThe run was interrupted before its end.\n")
	}
	phaseTable(out, r)
	outOfRange(out, r)
	causes(out, r)
	ends(out, r)
	loops(out, r)
	client(out, r)
	return out.Flush() // bufio keeps the first error
}

// aggregate prints the block that the ancestor's users know, in its layout:
// values end in column 29 and 19. The times are those of phase open.
func aggregate(out io.Writer, r *stats.Result) {
	fmt.Fprint(out, "Aggregate results (WebSocket Opening+Closing Handshake)\n\n")
	fmt.Fprintf(out, "%18s:%10.1f s\n", "Duration", r.Duration().Seconds())
	for _, line := range []struct{ label, value string }{
		{"Total", strconv.FormatUint(r.Total, 10)},
		{"Success", strconv.FormatUint(r.Success, 10)},
		{"Fail", strconv.FormatUint(r.Fail, 10)},
		{"Fail %", strconv.FormatFloat(ratio(100*float64(r.Fail), float64(r.Total)), 'f', 2, 64)},
		{"Handshakes/sec", strconv.FormatFloat(r.HandshakesPerSecond(), 'f', 0, 64)},
	} {
		fmt.Fprintf(out, "%18s:%10s\n", line.label, line.value)
	}
	fmt.Fprintln(out)
	openTimes(out, r.Phases[stats.PhaseOpen].Success)
}

func openTimes(out io.Writer, open *hdrhistogram.Histogram) {
	exists := open.TotalCount() > 0
	timeLine(out, "Min", float64(open.Min()), exists)
	timeLine(out, "SD", open.StdDev(), exists)
	timeLine(out, "Avg", open.Mean(), exists)
	for _, q := range []struct {
		label      string
		percentile float64
	}{{"Median", 50}, {"q90   ", 90}, {"q95   ", 95}, {"q99   ", 99}, {"q99.9 ", 99.9}, {"q99.99", 99.99}} {
		quantileLine(out, open, q.label, q.percentile)
	}
	timeLine(out, "Max", float64(open.Max()), exists)
}

// quantileLine is the only place that decides how a quantile is shown.
func quantileLine(out io.Writer, h *hdrhistogram.Histogram, label string, percentile float64) {
	timeLine(out, label, float64(h.ValueAtPercentile(percentile)), h.TotalCount() > 0)
}

func timeLine(out io.Writer, label string, us float64, exists bool) {
	if !exists {
		fmt.Fprintf(out, "%8s:%10s\n", label, none)
		return
	}
	fmt.Fprintf(out, "%8s:%10.1f ms\n", label, us/1000)
}

// ratio returns a/b, and 0 for nothing out of nothing.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
