package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

const (
	aggregateTitle = "Aggregate results (WebSocket Opening+Closing Handshake)"
	openLoopTitle  = "Aggregate results (WebSocket Opening+Closing Handshake), times from the intended start to the response (ready)"
)

// aggregate is the block that the ancestor's users know. The times are those of phase open.
// In an open loop they are those of phase ready: open does not tell how long a user waits
// whose start came late because of what the testee did to earlier ones.
func aggregate(r *stats.Result) Section {
	h := head{r.Duration(), r.Total, r.Success, r.Fail, r.HandshakesPerSecond()}
	title := aggregateTitle
	if r.Load.Mode == stats.ModeOpen {
		title = openLoopTitle
	}
	return Section{Title: title, Parts: []Part{h.block(), timesBlock(histogramTimes(r.Phases[headPhase(r)].Success))}}
}

// headPhase returns the phase whose times head the report.
func headPhase(r *stats.Result) stats.Phase {
	if r.Load.Mode == stats.ModeOpen {
		return stats.PhaseReady
	}
	return stats.PhaseOpen
}

// head is the upper part of the aggregate block.
type head struct {
	duration             time.Duration
	total, success, fail uint64
	perSecond            float64
}

func (h *head) block() Block {
	const labelWidth = 18
	return Block{labelWidth, []Figure{
		{"Duration", strconv.FormatFloat(h.duration.Seconds(), 'f', 1, 64), "s"},
		{"Total", strconv.FormatUint(h.total, 10), ""},
		{"Success", strconv.FormatUint(h.success, 10), ""},
		{"Fail", strconv.FormatUint(h.fail, 10), ""},
		{"Fail %", strconv.FormatFloat(ratio(100*float64(h.fail), float64(h.total)), 'f', 2, 64), ""},
		{"Handshakes/sec", strconv.FormatFloat(h.perSecond, 'f', 0, 64), ""},
	}}
}

func timesBlock(figures []Figure) Block {
	const labelWidth = 8
	return Block{labelWidth, figures}
}

// quantile is a line of the block. With fewer samples than least, 1/(1-q), its value
// would be the largest sample, which Max shows.
type quantile struct {
	label      string
	percentile float64
	least      int64
}

var quantiles = []quantile{
	{"Median", 50, 1}, {"q90   ", 90, 10}, {"q95   ", 95, 20}, {"q99   ", 99, 100},
	{"q99.9 ", 99.9, 1000}, {"q99.99", 99.99, 10_000},
}

func histogramTimes(open *hdrhistogram.Histogram) []Figure {
	exists := open.TotalCount() > 0
	figures := []Figure{
		timeFigure("Min", float64(open.Min()), exists),
		timeFigure("SD", open.StdDev(), exists),
		timeFigure("Avg", open.Mean(), exists),
	}
	for _, q := range quantiles {
		figures = append(figures, quantileFigure(open, q))
	}
	return append(figures, timeFigure("Max", float64(open.Max()), exists))
}

func quantileFigure(h *hdrhistogram.Histogram, q quantile) Figure {
	if n := h.TotalCount(); n > 0 && n < q.least {
		return Figure{q.label, none, "(too few)"}
	}
	return timeFigure(q.label, float64(h.ValueAtPercentile(q.percentile)), h.TotalCount() > 0)
}

func timeFigure(label string, us float64, exists bool) Figure {
	if !exists {
		return Figure{label, none, ""}
	}
	return Figure{label, strconv.FormatFloat(us/1000, 'f', 1, 64), "ms"}
}

// unmeasured says how connections from the ancestor's files are counted.
func unmeasured(r *stats.Result) (s Section) {
	if n := r.Unmeasured.Total(); n > 0 {
		s.Parts = append(s.Parts, Sentence(fmt.Sprintf(
			"Of the ancestor's files: %d connections. Its script counted failed ones in; here they are apart.", n)))
	}
	return s
}

// ratio returns a/b, and 0 for nothing out of nothing.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
