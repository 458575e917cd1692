package report

import (
	"encoding/csv"
	"io"

	"wsperf/stats"
)

// csvColumns are the columns of the table:
//
//   - start_s, length_s: the part of the run that the row is about, in seconds from the start
//     of the measured window
//   - measure: what the value is
//   - phase, outcome: of the rows of phases; the outcome is success or failure, of the
//     connections that completed the phase and failed later
//   - quantile: of the rows of measure quantile, such as 0.99
//   - value: a decimal number without an exponent
//   - unit: us, s, B, /s, %, or empty for a number of something
//
// A cell is empty if the column does not apply. No cell has to be quoted.
var csvColumns = []string{"start_s", "length_s", "measure", "phase", "outcome", "quantile", "value", "unit"}

// writeCSV writes one tidy table, a row for each value, with encoding/csv (RFC 4180, but lines
// end in LF). The first rows are those of the whole run, named as requirements name them
// (measuresOf). Then each phase and outcome has the measures count, min, mean, max and
// quantile, for the quantiles of the report. The same rows of each recorded interval follow,
// with its counts: started, success, fail, in_flight and open_connections at its end, and its
// causes. No text from a file or a testee is in the table.
func writeCSV(w io.Writer, r *stats.Result) error {
	out := csv.NewWriter(w)
	_ = out.Write(csvColumns) // Error has it
	for _, i := range append([]interval{wholeRun(r)}, intervalsOf(r)...) {
		for _, m := range i.counts {
			csvRows{out, i, series{}}.add(m.Name, "", m.Value, m.Unit)
		}
		for _, s := range i.series {
			csvRows{out, i, s}.times()
		}
	}
	out.Flush()
	return out.Error()
}

// csvRows are rows that share their first columns.
type csvRows struct {
	out *csv.Writer
	interval
	of series // without times: of no phase
}

func (c csvRows) times() {
	h := c.of.times
	c.add("count", "", float64(h.TotalCount()), stats.UnitNone)
	c.add("min", "", float64(h.Min()), stats.UnitMicroseconds)
	c.add("mean", "", h.Mean(), stats.UnitMicroseconds)
	c.add("max", "", float64(h.Max()), stats.UnitMicroseconds)
	for _, q := range quantilesOf(h) {
		c.add("quantile", q.quantile, float64(q.us), stats.UnitMicroseconds)
	}
}

func (c csvRows) add(measure, quantile string, v float64, unit string) {
	phase := ""
	if c.of.times != nil {
		phase = c.of.phase.String()
	}
	_ = c.out.Write([]string{ // Error has it
		decimal(c.offset.Seconds()), decimal(c.length.Seconds()), measure, phase, c.of.outcome, quantile, decimal(v), unit,
	})
}
