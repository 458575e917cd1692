package comparison

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// hollander are the differences of depression scores of nine patients (M. Hollander, D. A. Wolfe,
// Nonparametric Statistical Methods, 1973, page 29), of which the book gives the results.
var hollander = []float64{0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010}

func TestSignedRank(t *testing.T) {
	for _, c := range []struct {
		name        string
		differences []float64
		p           float64
		estimate    float64
		low, high   float64 // at 0.95; both 0: none
	}{
		{"Hollander and Wolfe", hollander, 0.0390625, 0.46, 0.010, 0.786},
		{"one", []float64{2}, 1, 2, 0, 0},
		{"five of one sign", []float64{1, 2, 3, 4, 5}, 2. / 32, 3, 0, 0},
		{"six of one sign", []float64{1, 2, 3, 4, 5, 6}, 2. / 64, 3.5, 1, 6},
		{"all 0", []float64{0, 0, 0, 0, 0, 0}, 1, 0, 0, 0},
		{"0 is left out", []float64{0, 1, 2, 3, 4, 5, 6}, 2. / 64, 3, 1, 5},
		// Equal ones share ranks 1 to 3 and 5 to 6. Sums of 2 or less, and as many above: rank 2 has 3 of 64 cases, none has one.
		{"equal ones", []float64{-1, 1, 1, 4, 5, 5}, 2 * 4. / 64, 2.5, -1, 5},
		{"balanced", []float64{-2, -1, 1, 2}, 1, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signedRank{c.differences}
			if got := s.p(); math.Abs(got-c.p) > 1e-12 {
				t.Errorf("p %v, want %v", got, c.p)
			}
			if got := s.estimate(); math.Abs(got-c.estimate) > 1e-9 {
				t.Errorf("estimate %v, want %v", got, c.estimate)
			}
			low, high, ok := s.interval(0.95)
			if ok != (c.low != c.high) && c.name != "all 0" {
				t.Fatalf("interval: %v", ok)
			}
			if math.Abs(low-c.low) > 5e-4 || math.Abs(high-c.high) > 5e-4 {
				t.Errorf("interval %v to %v, want %v to %v", low, high, c.low, c.high)
			}
		})
	}
}

// TestSignedRankCountsAllSigns compares p with a count of all signs, one by one.
func TestSignedRankCountsAllSigns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 9; n++ {
		for range 20 {
			d := make([]float64, n)
			for i := range d {
				d[i] = float64(random.IntN(9) - 4) // with equal ones and zeros
			}
			if got, want := (signedRank{d}).p(), countSigns(d); math.Abs(got-want) > 1e-12 {
				t.Errorf("%v: p %v, want %v", d, got, want)
			}
		}
	}
}

// countSigns returns the share of all signs whose sum of signed ranks is as far from 0.
func countSigns(differences []float64) float64 {
	d := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	rank := func(v float64) (r float64) {
		for _, o := range d {
			switch {
			case math.Abs(o) < math.Abs(v):
				r++
			case math.Abs(o) == math.Abs(v):
				r += 0.5
			}
		}
		return r + 0.5
	}
	sum := func(sign func(i int) float64) (s float64) {
		for i, v := range d {
			s += sign(i) * rank(v)
		}
		return math.Abs(s)
	}
	found := sum(func(i int) float64 { return math.Copysign(1, d[i]) })
	as := 0
	for signs := range 1 << len(d) {
		if sum(func(i int) float64 { return float64(signs>>i&1*2 - 1) }) >= found-1e-9 {
			as++
		}
	}
	return float64(as) / float64(int(1)<<len(d))
}

// TestIntervalIsWhatTheTestAccepts: a shift of the differences out of their interval is refused,
// one into it is not.
func TestIntervalIsWhatTheTestAccepts(t *testing.T) {
	const nudge = 1e-9
	random := rand.New(rand.NewPCG(3, 4))
	for n := 6; n <= 30; n += 3 {
		for _, level := range []float64{0.9, 0.95, 0.99} {
			d := make([]float64, n)
			for i := range d {
				d[i] = random.NormFloat64()
			}
			low, high, ok := signedRank{d}.interval(level)
			if !ok {
				continue
			}
			for _, c := range []struct {
				shift   float64
				refused bool
			}{{low - nudge, true}, {low + nudge, false}, {high - nudge, false}, {high + nudge, true}} {
				moved := slices.Clone(d)
				for i := range moved {
					moved[i] -= c.shift
				}
				if p := (signedRank{moved}).p(); (p <= 1-level) != c.refused {
					t.Errorf("%d differences at %v, moved by %v: p %v, refused: want %v", n, level, c.shift, p, c.refused)
				}
			}
		}
	}
}

func TestLeastRounds(t *testing.T) {
	for _, c := range []struct {
		pairs int
		level float64
		want  int
	}{{1, 0.95, 6}, {1, 0.9, 5}, {3, 0.95, 7}, {45, 0.95, 11}, {78, 0.95, 12}, {1, 0.99, 8}} {
		if got := leastRounds(c.pairs, c.level); got != c.want {
			t.Errorf("%d pairs at %v: %d rounds, want %d", c.pairs, c.level, got, c.want)
		}
	}
}

func TestHolm(t *testing.T) {
	for _, c := range []struct{ ps, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.04}, []float64{0.04}},
		// R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and in another order.
		{[]float64{0.01, 0.02, 0.03, 0.04, 0.05}, []float64{0.05, 0.08, 0.09, 0.09, 0.09}},
		{[]float64{0.05, 0.01, 0.04, 0.02, 0.03}, []float64{0.09, 0.05, 0.09, 0.08, 0.09}},
		{[]float64{0.5, 0.9}, []float64{1, 1}},
	} {
		got := holm(c.ps)
		if len(got) != len(c.want) {
			t.Fatalf("%v: %v", c.ps, got)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-12 {
				t.Errorf("%v: %v, want %v", c.ps, got, c.want)
				break
			}
		}
	}
}
