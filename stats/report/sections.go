package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// Tables with a value from here on are in milliseconds, the others in
// microseconds.
const millisecondsFromUs = 10_000

// phaseTable prints one row per phase of the successes, all in the same unit.
func phaseTable(out io.Writer, r *stats.Result) {
	if r.Success == 0 {
		return
	}
	format, unit := formatUs, "us"
	for _, phase := range r.Phases {
		if phase.Success.Max() >= millisecondsFromUs {
			format, unit = formatMs, "ms"
		}
	}
	fmt.Fprintf(out, "\nPhases of the successful connections (%s)\n\n", unit)
	phaseRow(out, "phase", []string{"count", "min", "median", "q99", "q99.9", "max"})
	for p, phase := range r.Phases {
		if phase.Success.TotalCount() == 0 && r.Unmeasured.Success > 0 {
			continue // not measured, as opposed to measured and never reached
		}
		phaseRow(out, stats.Phase(p).String(), phaseCells(phase.Success, format))
	}
}

func phaseRow(out io.Writer, name string, cells []string) {
	fmt.Fprintf(out, "  %-7s", name)
	for _, cell := range cells {
		fmt.Fprintf(out, " %10s", cell)
	}
	fmt.Fprintln(out)
}

func phaseCells(h *hdrhistogram.Histogram, format func(us int64) string) []string {
	count := h.TotalCount()
	if count == 0 {
		return []string{"0", none, none, none, none, none}
	}
	cells := []string{strconv.FormatInt(count, 10), format(h.Min())}
	for _, q := range quantiles {
		switch q.percentile {
		case 50, 99, 99.9:
			cells = append(cells, quantileCell(h, q, format))
		}
	}
	return append(cells, format(h.Max()))
}

func quantileCell(h *hdrhistogram.Histogram, q quantile, format func(us int64) string) string {
	if h.TotalCount() < q.least {
		return none
	}
	return format(h.ValueAtPercentile(q.percentile))
}

func formatUs(us int64) string { return strconv.FormatInt(us, 10) }

func formatMs(us int64) string { return strconv.FormatFloat(float64(us)/1000, 'f', 3, 64) }

// outOfRange says which phases have values that a histogram could not hold.
func outOfRange(out io.Writer, r *stats.Result) {
	var over, under []string
	for p, phase := range r.Phases {
		over = appendCount(over, stats.Phase(p).String(), phase.Overruns)
		under = appendCount(under, stats.Phase(p).String(), phase.Underruns)
	}
	if len(over) > 0 {
		fmt.Fprintf(out, "\nOverruns, values above %.0f s: %s\n", stats.MaxTrackable.Seconds(), strings.Join(over, ", "))
	}
	if len(under) > 0 {
		fmt.Fprintf(out, "\nUnderruns, values below 0: %s\n", strings.Join(under, ", "))
	}
}

func appendCount(list []string, name string, count uint64) []string {
	if count == 0 {
		return list
	}
	return append(list, fmt.Sprintf("%s %d", name, count))
}

// ends tells how TCP ended after the closing handshakes, if not always as RFC
// 6455 section 7.1.1 wants it: closed by the server first.
func ends(out io.Writer, r *stats.Result) {
	if r.Fin.Reset == 0 && r.Fin.Timeout == 0 {
		return
	}
	fmt.Fprintf(out, "\nAfter the closing handshake: %d ended by FIN, %d by reset, %d by timeout\n",
		r.Fin.Received, r.Fin.Reset, r.Fin.Timeout)
}

// loops prints how the work was divided, if it was.
func loops(out io.Writer, r *stats.Result) {
	if len(r.Loops) < 2 {
		return
	}
	fmt.Fprint(out, "\nLoops\n\n   loop  cpu    started  share %  cpu time s\n")
	for i, loop := range r.Loops {
		cpu := none
		if loop.CPU >= 0 {
			cpu = strconv.Itoa(loop.CPU)
		}
		fmt.Fprintf(out, "  %5d %4s %10d %8.1f %11.2f\n", i, cpu, loop.Started,
			ratio(100*float64(loop.Started), float64(r.Total-r.Unmeasured.Total())), float64(loop.CPUUs)/1e6)
	}
}

// client prints what the run cost the process that made the load.
func client(out io.Writer, r *stats.Result) {
	if r.Total > 0 && r.Total == r.Unmeasured.Total() {
		return
	}
	c := &r.Client
	fmt.Fprint(out, "\nClient\n\n")
	fmt.Fprintf(out, "  CPU       %.1f us user, %.1f us system per connection started\n",
		r.PerConnection(c.UserUs), r.PerConnection(c.SystemUs))
	fmt.Fprintf(out, "  Memory    %.1f MB at the peak\n", float64(c.PeakMemoryBytes)/1e6)
	fmt.Fprintf(out, "  Heap      %d allocations, %d collections in the window\n", c.Allocations, c.Collections)
	fmt.Fprintf(out, "  Switches  %d voluntary, %d involuntary\n", c.VoluntarySwitches, c.InvoluntarySwitches)
	if c.SlotWaits > 0 {
		fmt.Fprintf(out, "  Waits     %d starts were late because of the descriptor limit\n", c.SlotWaits)
	}
	if c.ShortageWaits > 0 {
		fmt.Fprintf(out, "  Shortages %d pauses because there was no port, descriptor or memory for the next connection\n", c.ShortageWaits)
	}
}
