// Package report draws results for people. It measures and computes nothing that
// a stats.Result does not hold.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// none stands for a number that does not exist.
const none = "-"

// Text writes the report for people: the aggregate block, and under it what
// there is to say about phases, failures, loops and the client's own cost. Of the
// strings that a result file may hold it prints failing replies and source
// addresses only, as printable ASCII. The error is the first one of w.
func Text(w io.Writer, r *stats.Result) error {
	out := bufio.NewWriter(w)
	aggregate(out, r)
	sources(out, r)
	unmeasured(out, r)
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
	h := head{r.Duration(), r.Total, r.Success, r.Fail, r.HandshakesPerSecond()}
	h.print(out)
	openTimes(out, r.Phases[stats.PhaseOpen].Success)
}

// head is the upper part of the aggregate block.
type head struct {
	duration             time.Duration
	total, success, fail uint64
	perSecond            float64
}

func (h *head) print(out io.Writer) {
	fmt.Fprint(out, "Aggregate results (WebSocket Opening+Closing Handshake)\n\n")
	fmt.Fprintf(out, "%18s:%10.1f s\n", "Duration", h.duration.Seconds())
	for _, line := range []struct{ label, value string }{
		{"Total", strconv.FormatUint(h.total, 10)},
		{"Success", strconv.FormatUint(h.success, 10)},
		{"Fail", strconv.FormatUint(h.fail, 10)},
		{"Fail %", strconv.FormatFloat(ratio(100*float64(h.fail), float64(h.total)), 'f', 2, 64)},
		{"Handshakes/sec", strconv.FormatFloat(h.perSecond, 'f', 0, 64)},
	} {
		fmt.Fprintf(out, "%18s:%10s\n", line.label, line.value)
	}
	fmt.Fprintln(out)
}

// quantile is a line of the block. Below least samples its value is that of the
// largest one, which says Max already: 1/(1-q).
type quantile struct {
	label      string
	percentile float64
	least      int64
}

var quantiles = []quantile{
	{"Median", 50, 1}, {"q90   ", 90, 10}, {"q95   ", 95, 20}, {"q99   ", 99, 100},
	{"q99.9 ", 99.9, 1000}, {"q99.99", 99.99, 10_000},
}

func openTimes(out io.Writer, open *hdrhistogram.Histogram) {
	exists := open.TotalCount() > 0
	timeLine(out, "Min", float64(open.Min()), exists)
	timeLine(out, "SD", open.StdDev(), exists)
	timeLine(out, "Avg", open.Mean(), exists)
	for _, q := range quantiles {
		quantileLine(out, open, q)
	}
	timeLine(out, "Max", float64(open.Max()), exists)
}

func quantileLine(out io.Writer, h *hdrhistogram.Histogram, q quantile) {
	if n := h.TotalCount(); n > 0 && n < q.least {
		fmt.Fprintf(out, "%8s:%10s (too few)\n", q.label, none)
		return
	}
	timeLine(out, q.label, float64(h.ValueAtPercentile(q.percentile)), h.TotalCount() > 0)
}

func timeLine(out io.Writer, label string, us float64, exists bool) {
	if !exists {
		fmt.Fprintf(out, "%8s:%10s\n", label, none)
		return
	}
	fmt.Fprintf(out, "%8s:%10.1f ms\n", label, us/1000)
}

// unmeasured tells what is different with connections of the ancestor's files.
func unmeasured(out io.Writer, r *stats.Result) {
	if n := r.Unmeasured.Total(); n > 0 {
		fmt.Fprintf(out, "\nOf the ancestor's files: %d connections. Its script counted failed ones in; here they are apart.\n", n)
	}
}

// ratio returns a/b, and 0 for nothing out of nothing.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
