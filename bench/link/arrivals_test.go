package main

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
)

const rate, count = 1000, 2000

// TestArrivals: the SYNs of an open loop with two loops, as the link sees them, come as they
// were offered: evenly, or as a Poisson process, whose distances have an exponential
// distribution.
func TestArrivals(t *testing.T) {
	for arrivals, distance := range map[string]func([]float64) float64{"even": fromEven, "poisson": fromExponential} {
		t.Run(arrivals, func(t *testing.T) {
			gaps := gapsInTime(t, "--rate", strconv.Itoa(rate), "--conns", strconv.Itoa(count), "--arrivals", arrivals, "--loops", "2")
			if len(gaps) != count-1 {
				t.Fatalf("%d distances between %d SYNs", len(gaps), count)
			}
			mine := distance(gaps)
			t.Logf("distance of the distributions: %.3f, from even %.3f, from exponential %.3f", mine, fromEven(gaps), fromExponential(gaps))
			if mine > mostApart {
				t.Errorf("the distance from the offered distribution is %.3f, want at most %.2f", mine, mostApart)
			}
		})
	}
}

// mostApart leaves room for starts that are late. Two loops that start at the same times,
// and even starts in place of Poisson ones, are more than 0.4 apart.
const mostApart = 0.25

// inTime is how late nine of ten starts may be, half of the mean distance, and tries
// how often that is tried: on a busy machine starts are late and come together, whatever
// was offered.
const (
	inTime = time.Second / rate / 2
	tries  = 5
)

// gapsInTime returns the sorted distances between the SYNs of a run whose client says that
// its starts were in time.
func gapsInTime(t *testing.T, options ...string) []float64 {
	t.Helper()
	var late time.Duration
	for range tries {
		link := network(t, emulator.Config{Delay: 500 * time.Microsecond})
		builtIn(t, link, far4)
		o := run(t, link, far4, options...)
		o.checkAllSucceeded(t, count)
		if late = time.Duration(o.LateUs(90)) * time.Microsecond; late <= inTime {
			return gapsOf(flows(link.Record()))
		}
	}
	t.Skipf("the machine is busy: a tenth of the starts was late by %v or more", late)
	return nil
}

// gapsOf returns the sorted distances between SYNs, in units of the mean one.
func gapsOf(all []*flow) (gaps []float64) {
	for i := range all[1:] {
		gaps = append(gaps, (all[i+1].began-all[i].began).Seconds()*rate)
	}
	slices.Sort(gaps)
	return gaps
}

// fromExponential returns the statistic of Kolmogorov and Smirnov: the largest difference
// between the distribution of sorted distances and the exponential one.
func fromExponential(gaps []float64) (most float64) {
	n := float64(len(gaps))
	for i, gap := range gaps {
		f := 1 - math.Exp(-gap)
		most = max(most, f-float64(i)/n, float64(i+1)/n-f)
	}
	return most
}

// fromEven returns the share of sorted distances that are not within half of the mean one.
func fromEven(gaps []float64) float64 {
	within := 0
	for _, gap := range gaps {
		if gap > 0.5 && gap < 1.5 {
			within++
		}
	}
	return 1 - float64(within)/float64(len(gaps))
}
