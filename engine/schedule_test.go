package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wsperf/stats"
)

// constant is a load with one rate, in starts per second.
func constant(rate float64, length time.Duration) Load {
	return Load{
		Duration: length, Arrivals: stats.ArrivalsEven,
		Stages: []stats.Stage{{From: rate, To: rate, LengthUs: length.Microseconds()}},
	}
}

// stages is a load of stages of a second each, with these rates at their bounds.
func stages(rates ...float64) Load {
	ld := Load{Arrivals: stats.ArrivalsEven}
	for i := 0; i+1 < len(rates); i += 2 {
		ld.Stages = append(ld.Stages, stats.Stage{From: rates[i], To: rates[i+1], LengthUs: 1e6})
		ld.Duration += time.Second
	}
	return ld
}

// TestCurve: when the start after n others is due. A ramp from a to b has (a+b)/2 starts in
// its second, half of them not at its half.
func TestCurve(t *testing.T) {
	const s = int64(time.Second)
	for _, c := range []struct {
		name string
		load Load
		n    float64
		want int64
	}{
		{"the first", constant(1000, time.Second), 0, 0},
		{"the last", constant(1000, time.Second), 999, 999e6},
		{"after the end", constant(1000, time.Second), 1000, never},
		{"no end", constant(1000, 0), 1e9, 1e6 * s},
		{"a start in three seconds", constant(1.0/3, 0), 2, 6 * s},
		{"after the end of time", constant(1e-9, 0), 1e9, 1e18},
		{"rising from 0", stages(0, 200), 25, s / 2},
		{"rising from 0, the first", stages(0, 200), 0, 0},
		{"rising", stages(100, 300), 75, s / 2},
		{"falling to 0", stages(200, 0), 75, s / 2},
		{"falling to 0, the last", stages(200, 0), 99.99, s - s/100},
		{"falling to 0, after the end", stages(200, 0), 100, never},
		{"second stage", stages(100, 100, 50, 50), 101, s + s/50},
		{"after a pause", stages(100, 100, 0, 0, 100, 100), 100, 2 * s},
		{"a pause at first", stages(0, 0, 100, 100), 0, s},
	} {
		if got := newCurve(c.load.Stages).at(c.n); got != c.want {
			t.Errorf("%s: %v after %d ns, want %d", c.name, c.n, got, c.want)
		}
	}
}

// dues returns when the starts of a loop are due.
func dues(ld Load, random rand.Source) (all []int64) {
	for s := newSchedule(&ld, random); s.dueNs != never; s.advance() {
		all = append(all, s.dueNs)
	}
	return all
}

// TestLoopsTakeTurns: more loops make the same even starts, so they make no bursts.
func TestLoopsTakeTurns(t *testing.T) {
	for _, ld := range []Load{constant(997, 3*time.Second), stages(0, 500, 500, 20)} {
		want := dues(ld, nil)
		var got []int64
		for i := range 3 {
			got = append(got, dues(ld.Part(3, i), nil)...)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%d starts of three loops, %d of one, at other times", len(got), len(want))
		}
	}
	if got := len(dues(constant(997, 3*time.Second), nil)); got != 2991 {
		t.Errorf("%d starts, want 2991", got)
	}
}

// TestPoissonArrivals: the distances between the starts of all loops together have an
// exponential distribution with the whole rate, by the test of Kolmogorov and Smirnov at the
// level of 0.1 %. Even ones have not. The random numbers are the same in each run.
func TestPoissonArrivals(t *testing.T) {
	const rate = 1000
	for _, c := range []struct {
		arrivals stats.Arrivals
		want     bool
	}{{stats.ArrivalsPoisson, true}, {stats.ArrivalsEven, false}} {
		ld := constant(rate, 10*time.Second)
		ld.Arrivals = c.arrivals
		var all []int64
		for i := range 4 {
			all = append(all, dues(ld.Part(4, i), rand.NewPCG(uint64(i), 13))...)
		}
		slices.Sort(all)
		if n := float64(len(all)); math.Abs(n-10*rate) > 4*math.Sqrt(10*rate) {
			t.Errorf("%s: %v starts, want about %d", c.arrivals, n, 10*rate)
		}
		if got := exponential(all, rate); got != c.want {
			t.Errorf("%s: an exponential distribution: %v, want %v", c.arrivals, got, c.want)
		}
	}
}

// exponential reports whether the distances between sorted stamps can be from an
// exponential distribution with that rate per second.
func exponential(atNs []int64, rate float64) bool {
	var gaps []float64
	for i := range atNs[1:] {
		gaps = append(gaps, float64(atNs[i+1]-atNs[i])/1e9)
	}
	slices.Sort(gaps)
	n, most := float64(len(gaps)), 0.0
	for i, gap := range gaps {
		f := 1 - math.Exp(-rate*gap)
		most = max(most, f-float64(i)/n, float64(i+1)/n-f)
	}
	return most < 1.95/math.Sqrt(n) // the quantile of 99.9 % for large n
}

// TestPoissonFollowsTheRate: in a ramp from 0, three quarters of the starts are in the
// second half.
func TestPoissonFollowsTheRate(t *testing.T) {
	ld := stages(0, 20000)
	ld.Arrivals = stats.ArrivalsPoisson
	all := dues(ld, rand.NewPCG(1, 2))
	half, _ := slices.BinarySearch(all, int64(time.Second/2))
	if share := float64(half) / float64(len(all)); share < 0.23 || share > 0.27 {
		t.Errorf("%.3f of the starts are in the first half, want 0.25", share)
	}
}

func TestOffered(t *testing.T) {
	count := constant(200, 0)
	count.Connections = 50
	for _, c := range []struct {
		load Load
		want float64
	}{{constant(1000, 10*time.Second), 1000}, {stages(100, 300, 0, 0), 100}, {count, 200}} {
		if got := c.load.offered(); got != c.want {
			t.Errorf("%+v: %v a second, want %v", c.load.Stages, got, c.want)
		}
	}
}
