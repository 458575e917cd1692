package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// The table is in milliseconds if one of its values is at least this, in
// microseconds otherwise.
const millisecondsFromUs = 10_000

// phases is a row per phase of the successes, all in the same unit.
func phases(r *stats.Result) (s Section) {
	if r.Success == 0 {
		return s
	}
	format, unit := phaseFormat(r)
	t := Table{Columns: []Column{
		{"phase", -phaseWidth(r)}, {"count", 10}, {"min", 10}, {"median", 10}, {"q99", 10}, {"q99.9", 10}, {"max", 10},
	}}
	for _, p := range stats.PhaseOrder() {
		if shown(r, p) {
			t.Rows = append(t.Rows, append([]string{p.String()}, phaseCells(r.Phases[p].Success, format)...))
		}
	}
	return Section{Title: fmt.Sprintf("Phases of the successful connections (%s)", unit), Parts: []Part{t}}
}

// phaseWidth is that of the longest name of a row.
func phaseWidth(r *stats.Result) int {
	width := len("connect")
	for _, p := range stats.PhaseOrder() {
		if shown(r, p) {
			width = max(width, len(p.String()))
		}
	}
	return width
}

// shown reports whether a phase has a row. Without a value, phases of the ancestor's files
// and phase ready of older files are not measured, as opposed to measured and never reached.
// Those of TLS have a row if there was such a handshake.
// Lateness is the client's, and stands with the load.
func shown(r *stats.Result, p stats.Phase) bool {
	measured := r.Phases[p].Success.TotalCount() > 0
	return !p.Apart() && (measured || r.Unmeasured.Success == 0 && p != stats.PhaseReady && !p.OfTLS())
}

func phaseFormat(r *stats.Result) (format func(us int64) string, unit string) {
	for _, phase := range r.Phases {
		if phase.Success.Max() >= millisecondsFromUs {
			return formatMs, "ms"
		}
	}
	return formatUs, "us"
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

// outOfRange says which phases have values that a histogram could not hold, and values of
// the ancestor's files that are in none.
func outOfRange(r *stats.Result) (s Section) {
	var over, under, leftOut []string
	for p, phase := range r.Phases {
		over = appendCount(over, stats.Phase(p).String(), phase.Overruns)
		under = appendCount(under, stats.Phase(p).String(), phase.Underruns)
		leftOut = appendCount(leftOut, stats.Phase(p).String(), phase.LeftOut)
	}
	if len(over) > 0 {
		s.Parts = append(s.Parts, Sentence(fmt.Sprintf("Overruns, values above %.0f s: %s",
			stats.MaxTrackable.Seconds(), strings.Join(over, ", "))))
	}
	if len(under) > 0 {
		s.Parts = append(s.Parts, Sentence("Underruns, values below 0: "+strings.Join(under, ", ")))
	}
	if len(leftOut) > 0 {
		s.Parts = append(s.Parts, Sentence("Left out, values below 0: "+strings.Join(leftOut, ", ")+
			". The ancestor computed them for failed connections, from times that it never took."))
	}
	return s
}

func appendCount(list []string, name string, count uint64) []string {
	if count == 0 {
		return list
	}
	return append(list, fmt.Sprintf("%s %d", name, count))
}

// ends tells how TCP ended after the closing handshakes, unless the server closed
// first every time, as RFC 6455 section 7.1.1 wants it.
func ends(r *stats.Result) (s Section) {
	if r.Fin.Reset > 0 || r.Fin.Timeout > 0 {
		s.Parts = append(s.Parts, Sentence(fmt.Sprintf(
			"After the closing handshake: %d ended by FIN, %d by reset, %d by timeout",
			r.Fin.Received, r.Fin.Reset, r.Fin.Timeout)))
	}
	return s
}
