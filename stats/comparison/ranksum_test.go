package comparison

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRankSum(t *testing.T) {
	for _, c := range []struct {
		name      string
		a, b      []float64
		p         float64
		estimate  float64
		low, high float64 // at 0.95; both 0: none
	}{
		// M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, 1973, page 69: permeability of the
		// human placenta to water. The book has 0.2544 for two sides, and -0.305 for the shift.
		{"Hollander and Wolfe", []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, []float64{1.15, 0.88, 0.90, 0.74, 1.21}, 0.2544, -0.305, -0.76, 0.15},
		{"one of each", []float64{1}, []float64{2}, 1, 1, 0, 0},
		{"three of each", []float64{1, 2, 3}, []float64{11, 12, 13}, 2. / 20, 10, 0, 0},
		{"four of each", []float64{1, 2, 3, 4}, []float64{11, 12, 13, 14}, 2. / 70, 10, 7, 13},
		{"the same", []float64{1, 2, 3, 4}, []float64{1, 2, 3, 4}, 1, 0, -3, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rankSum{c.a, c.b}
			if got := r.p(); math.Abs(got-c.p) > 5e-5 {
				t.Errorf("p %v, want %v", got, c.p)
			}
			if got := r.estimate(); math.Abs(got-c.estimate) > 1e-9 {
				t.Errorf("estimate %v, want %v", got, c.estimate)
			}
			low, high, ok := r.interval(0.95)
			if ok != (c.low != c.high) || math.Abs(low-c.low) > 5e-3 || math.Abs(high-c.high) > 5e-3 {
				t.Errorf("interval %v to %v: %v, want %v to %v", low, high, ok, c.low, c.high)
			}
		})
	}
}

// TestRankSumIntervalIsWhatTheTestAccepts: a shift out of the interval is refused, one into it is not.
func TestRankSumIntervalIsWhatTheTestAccepts(t *testing.T) {
	const nudge = 1e-9
	random := rand.New(rand.NewPCG(5, 6))
	for n := 4; n <= 12; n++ {
		a, b := make([]float64, n), make([]float64, n+1)
		for i := range b {
			a[i%n], b[i] = random.NormFloat64(), random.NormFloat64()
		}
		low, high, ok := rankSum{a, b}.interval(0.95)
		if !ok {
			t.Fatalf("%d: no interval", n)
		}
		for _, c := range []struct {
			shift   float64
			refused bool
		}{{low - nudge, true}, {low + nudge, false}, {high - nudge, false}, {high + nudge, true}} {
			moved := make([]float64, len(b))
			for i := range b {
				moved[i] = b[i] - c.shift
			}
			if p := (rankSum{a, moved}).p(); (p <= 0.05) != c.refused {
				t.Errorf("%d, moved by %v: p %v, refused: want %v", n, c.shift, p, c.refused)
			}
		}
	}
}

func TestLeastRuns(t *testing.T) {
	for pairs, want := range map[int]int{1: 4, 3: 5, 45: 7} {
		if got := (Question{Level: 0.95, Unpaired: true}).Least(pairs); got != want {
			t.Errorf("%d pairs: %d runs, want %d", pairs, got, want)
		}
	}
}

// TestUnpairedDoesNotPair: values at the same place have nothing to do with each other.
func TestUnpairedDoesNotPair(t *testing.T) {
	samples := []Sample{{"a", drift}, {"b", scaled(1.02, drift...)}}
	q := Question{Level: 0.95, Higher: true, Baseline: AllPairs}
	if !Rank(samples, q).Pairs[0].Differ(0.95) {
		t.Error("2 % within each round are a difference")
	}
	q.Unpaired = true
	r := Rank(samples, q)
	if r.Pairs[0].Differ(0.95) || r.Rows[0].Testee != 1 {
		t.Errorf("2 %% between runs that scatter by half are none: %+v", r.Pairs[0])
	}
	samples[1].Values = scaled(3, drift...)
	if p := Rank(samples, q).Pairs[0]; !p.Differ(0.95) || math.Abs(p.Ratio-3) > 0.2 || p.Low < 1 {
		t.Errorf("three times as much is: %+v", p)
	}
}
