package report

import (
	"bufio"
	"io"

	"wsperf/stats"
)

// Ancestor writes the aggregate block of a census with the arithmetic of the
// script that came with wsperf's ancestor: the times are of all connections,
// failed ones included, and the quantiles are those of the sorted times. It sorts
// the times. The error is the first one of w.
func Ancestor(w io.Writer, c *stats.Census) error {
	out := bufio.NewWriter(w)
	length := c.Ended.Sub(c.Started)
	h := head{length, c.Success + c.Fail, c.Success, c.Fail, ratio(float64(c.Success), length.Seconds())}
	h.print(out)
	c.Open.Sort()
	everyTime(out, &c.Open)
	return out.Flush()
}

func everyTime(out io.Writer, open *stats.Times) {
	n := open.Len()
	if n == 0 {
		openTimes(out, stats.NewHistogram())
		return
	}
	mean := open.Mean()
	timeLine(out, "Min", open.At(0), true)
	timeLine(out, "SD", open.Deviation(mean), n > 1)
	timeLine(out, "Avg", mean, true)
	timeLine(out, "Median", open.At(n/2), true)
	for _, q := range quantiles[1:] {
		part := int(q.least) // 1/(1-q); the script rounded n/part up
		timeLine(out, q.label, open.At(n-(n+part-1)/part), true)
	}
	timeLine(out, "Max", open.At(n-1), true)
}
