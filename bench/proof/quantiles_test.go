package main

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// compared are the quantiles that are compared, in percent.
var compared = [...]float64{50, 90, 99}

type quantiles [len(compared)]time.Duration

func quantilesOf(h *hdrhistogram.Histogram) (q quantiles) {
	for i, percent := range compared {
		q[i] = time.Duration(h.ValueAtPercentile(percent)) * time.Microsecond
	}
	return q
}

// String returns milliseconds.
func (q quantiles) String() string {
	text := ""
	for _, d := range q {
		text += fmt.Sprintf("%10.3f", d.Seconds()*1e3)
	}
	return text
}

// tolerance is how much a quantile may differ: by a time or a part of it, whichever is more,
// and more.
type tolerance struct {
	time time.Duration
	part float64
	more time.Duration
}

func (t tolerance) allows(got, want time.Duration) bool {
	return (got - want).Abs() <= max(t.time, time.Duration(t.part*float64(want)))+t.more
}
