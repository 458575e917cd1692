package require

import (
	"strings"

	"wsperf/stats"
)

// measure is a figure of a result that a requirement can name.
type measure struct {
	name string
	unit unit
	of   func(*stats.Result) (value float64, ok bool) // ok is false if the result has no value
}

// figures is the table of measures that are a single figure. A new one is a row. What has
// quantiles is a row of distributions.
func figures() []measure {
	return []measure{
		{"fail%", percent, func(r *stats.Result) (float64, bool) { return share(r.Fail, r) }},
		{"success", count, func(r *stats.Result) (float64, bool) { return float64(r.Success), true }},
		{"fail", count, func(r *stats.Result) (float64, bool) { return float64(r.Fail), true }},
		{"total", count, func(r *stats.Result) (float64, bool) { return float64(r.Total), true }},
		{"rate", rate, loadedRate},
		{"handshakes/s", rate, wholeRate},
		{"made%", percent, made},
		{"cpu", span, func(r *stats.Result) (float64, bool) { return cost(r, r.Client.UserUs+r.Client.SystemUs) }},
		{"cpu.user", span, func(r *stats.Result) (float64, bool) { return cost(r, r.Client.UserUs) }},
		{"cpu.system", span, func(r *stats.Result) (float64, bool) { return cost(r, r.Client.SystemUs) }},
		{"testee.cpu", span, func(r *stats.Result) (float64, bool) { return testeeCost(r, r.TesteeCost.UserUs+r.TesteeCost.SystemUs) }},
		{"testee.cpu.user", span, func(r *stats.Result) (float64, bool) { return testeeCost(r, r.TesteeCost.UserUs) }},
		{"testee.cpu.system", span, func(r *stats.Result) (float64, bool) { return testeeCost(r, r.TesteeCost.SystemUs) }},
		{"testee.busiest%", percent, busiest},
		{"testee.memory", size, func(r *stats.Result) (float64, bool) {
			return float64(r.TesteeCost.PeakMemoryBytes), r.TesteeCost.PeakMemoryBytes > 0
		}},
		{"fin.received", count, func(r *stats.Result) (float64, bool) { return end(r, r.Fin.Received) }},
		{"fin.reset", count, func(r *stats.Result) (float64, bool) { return end(r, r.Fin.Reset) }},
		{"fin.timeout", count, func(r *stats.Result) (float64, bool) { return end(r, r.Fin.Timeout) }},
	}
}

// share returns a number of connections in percent of all that were started.
func share(n uint64, r *stats.Result) (float64, bool) {
	// 100*n is exact, so that the only rounding is that of the quotient: 1 of 1000 is found
	// equal to 0.1.
	return 100 * float64(n) / float64(r.Total), r.Total > 0
}

// loadedRate is the rate by which runs compare: without the drain, if the result tells it.
func loadedRate(r *stats.Result) (float64, bool) {
	if perSecond, ok := r.LoadedHandshakesPerSecond(); ok {
		return perSecond, true
	}
	return wholeRate(r)
}

// made returns how many starts of an open loop were made, of those that were due.
func made(r *stats.Result) (float64, bool) {
	return 100 * float64(r.Load.Due-r.Load.Owed) / float64(r.Load.Due), r.Load.Due > 0
}

func wholeRate(r *stats.Result) (float64, bool) { return r.HandshakesPerSecond(), r.Duration() > 0 }

// cost returns a cost per connection started.
func cost(r *stats.Result, us int64) (float64, bool) {
	return r.PerConnection(us), r.Total > r.Unmeasured.Total()
}

// testeeCost returns a cost of the testee per connection started.
func testeeCost(r *stats.Result, us int64) (float64, bool) {
	perConnection, ok := cost(r, us)
	return perConnection, ok && r.TesteeCost.Known()
}

// busiest returns how much of a CPU the testee's busiest thread used.
func busiest(r *stats.Result) (float64, bool) {
	return 100 * r.TesteeCost.BusiestShare, r.TesteeCost.Known() && r.TesteeCost.Unwatched == 0
}

// end returns a count of FinResult. How unmeasured connections ended is not known.
func end(r *stats.Result, n uint64) (float64, bool) { return float64(n), r.Unmeasured.Success == 0 }

const causeGroup = "cause."

// causes has two measures for each cause. The cause of an unmeasured failure is not known, so
// that a result with one has no value: its counts would be too low.
func causes() (all []measure) {
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		all = append(all,
			measure{causeGroup + c.String(), count, func(r *stats.Result) (float64, bool) {
				return float64(r.Causes[c]), r.Unmeasured.Fail == 0
			}},
			measure{causeGroup + c.String() + "%", percent, func(r *stats.Result) (float64, bool) {
				v, ok := share(r.Causes[c], r)
				return v, ok && r.Unmeasured.Fail == 0
			}},
		)
	}
	return all
}

// distribution is a histogram of microseconds. Its measures are NAME.min, NAME.mean, NAME.max
// and NAME.qN.
type distribution struct {
	name string
	of   func(*stats.Result) histogram
}

// histogram is what is needed of hdrhistogram.Histogram.
type histogram interface {
	TotalCount() int64
	Min() int64
	Max() int64
	Mean() float64
	ValueAtPercentile(percentile float64) int64
}

// distributions is the table of what has quantiles: the phases of the successes, and the
// lateness of all starts.
func distributions() (all []distribution) {
	for _, p := range stats.PhaseOrder() {
		of := func(r *stats.Result) histogram { return r.Phases[p].Success }
		if p == stats.PhaseLate {
			of = func(r *stats.Result) histogram { return r.Late() }
		}
		all = append(all, distribution{p.String(), of})
	}
	return all
}

// measure returns a measure of the distribution.
func (d distribution) measure(statistic string, of func(histogram) float64) measure {
	return measure{d.name + "." + statistic, span, func(r *stats.Result) (float64, bool) {
		h := d.of(r)
		return of(h), h.TotalCount() > 0
	}}
}

// fixed returns the measures of the distribution without the quantiles.
func (d distribution) fixed() []measure {
	return []measure{
		d.measure("min", func(h histogram) float64 { return float64(h.Min()) }),
		d.measure("mean", func(h histogram) float64 { return h.Mean() }),
		d.measure("max", func(h histogram) float64 { return float64(h.Max()) }),
	}
}

// quantile returns the measure for "q" and the decimals of the quantile, such as q50, q99 or
// q999.
func (d distribution) quantile(statistic string) (measure, error) {
	percentile, err := percentileOf(statistic)
	if err != nil {
		return measure{}, err
	}
	return d.measure(statistic, func(h histogram) float64 { return float64(h.ValueAtPercentile(percentile)) }), nil
}

// named returns all measures that are written out, which is all but the quantiles.
func named() []measure {
	all := append(figures(), causes()...)
	for _, d := range distributions() {
		all = append(all, d.fixed()...)
	}
	return all
}

// Measure is a figure of a result.
type Measure struct{ measure }

// Find returns the measure of a name. The error is one line that lists the names that it may be
// meant for.
func Find(name string) (Measure, error) {
	m, err := find(name)
	return Measure{m}, err
}

// Unit returns the unit of the values: stats.UnitNone or another of its kind.
func (m Measure) Unit() string { return m.unit.symbol }

// Of returns the value in a result; ok is false if it has none.
func (m Measure) Of(r *stats.Result) (value float64, ok bool) { return m.of(r) }

// find returns the measure of a name. The error lists the names that it may be meant for.
func find(name string) (measure, error) {
	for _, m := range named() {
		if m.name == name {
			return m, nil
		}
	}
	group, statistic, _ := strings.Cut(name, ".")
	for _, d := range distributions() {
		if d.name == group && looksLikeQuantile(statistic) {
			return d.quantile(statistic)
		}
	}
	return measure{}, unknown(name)
}
