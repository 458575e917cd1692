package main

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
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

func (q quantiles) String() string {
	text := ""
	for _, d := range q {
		text += fmt.Sprintf("%10.3f", d.Seconds()*1e3)
	}
	return text
}

// A quantile of a phase that the testee delays may differ from the delay by 100
// microseconds or 2 %, whichever is more. Ready and total contain several phases, each with
// something of its own.
const (
	mostOff     = 100 * time.Microsecond
	mostOffPart = 0.02
)

// mostLeak bounds a phase that the testee does not delay. It is a tenth of the shortest
// delay of the tests that could have leaked into it.
const mostLeak = 500 * time.Microsecond

// partsOf is how many phases a phase consists of.
func partsOf(p stats.Phase) time.Duration {
	switch p {
	case stats.PhaseReady:
		return 3 // late, connect, open
	case stats.PhaseTotal:
		return 5 // and close, fin
	}
	return 1
}

// agrees reports whether quantiles are those that are wanted.
func (q quantiles) agrees(want quantiles, most time.Duration) bool {
	for i := range q {
		off := max(most, time.Duration(mostOffPart*float64(want[i])))
		if (q[i] - want[i]).Abs() > off {
			return false
		}
	}
	return true
}
