package main

import (
	"fmt"
	"io"
	"time"
)

const tableRows = 10

// writeTable prints the series side by side, one row per tenth of the samples.
func writeTable(out io.Writer, watched []series) {
	fmt.Fprintf(out, "%8s", "")
	for _, w := range watched {
		fmt.Fprintf(out, "  %-27s", "wsperf "+w.name)
	}
	fmt.Fprintf(out, "\n%8s", "time")
	for range watched {
		fmt.Fprintf(out, "  %9s %9s %7s", "memory kB", "open fds", "threads")
	}
	fmt.Fprintln(out)
	for _, i := range rows(len(watched[0].samples)) {
		fmt.Fprintf(out, "%8v", watched[0].samples[i].at.Round(time.Second))
		for _, w := range watched {
			s := w.samples[i]
			fmt.Fprintf(out, "  %9d %9d %7d", s.residentKB, s.descriptors, s.threads)
		}
		fmt.Fprintln(out)
	}
}

// rows returns the indices of the last sample in each tenth of n samples. There
// are fewer than tableRows if n is less than that.
func rows(n int) (indices []int) {
	for row := 1; row <= tableRows; row++ {
		if i := n*row/tableRows - 1; i >= 0 && (len(indices) == 0 || i > indices[len(indices)-1]) {
			indices = append(indices, i)
		}
	}
	return indices
}
