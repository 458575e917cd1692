package report

import (
	"fmt"
	"io"
	"sort"

	"wsperf/stats"
)

// Ancestor writes the aggregate block of a census with the arithmetic of the
// script that came with wsperf's ancestor: the times are of all connections,
// failed ones included, and the quantiles are those of the sorted times. Under the block
// it says how many of the times are garbage. It sorts the times. The error is the first
// one of w.
func Ancestor(w io.Writer, c *stats.Census) error {
	length := c.Ended.Sub(c.Started)
	h := head{length, c.Success + c.Fail, c.Success, c.Fail, ratio(float64(c.Success), length.Seconds())}
	c.Open.Sort()
	parts := []Part{h.block(), timesBlock(everyTime(&c.Open))}
	if n := below0(&c.Open); n > 0 {
		parts = append(parts, Sentence(fmt.Sprintf("Of these times, %d are below 0. The ancestor computed them for failed connections, "+
			"from times that it never took. Its script counted them in.", n)))
	}
	return writeText(w, []Section{{Title: aggregateTitle, Parts: parts}})
}

// below0 returns how many of the sorted times are below 0.
func below0(open *stats.Times) int {
	return sort.Search(open.Len(), func(i int) bool { return open.At(i) >= 0 })
}

func everyTime(open *stats.Times) []Figure {
	n := open.Len()
	if n == 0 {
		return histogramTimes(stats.NewHistogram())
	}
	mean := open.Mean()
	figures := []Figure{
		timeFigure("Min", open.At(0), true),
		timeFigure("SD", open.Deviation(mean), n > 1),
		timeFigure("Avg", mean, true),
		timeFigure("Median", open.At(n/2), true),
	}
	for _, q := range quantiles[1:] {
		oneIn := int(q.least) // 1/(1-q); the script rounded n/oneIn up
		figures = append(figures, timeFigure(q.label, open.At(n-(n+oneIn-1)/oneIn), true))
	}
	return append(figures, timeFigure("Max", open.At(n-1), true))
}
