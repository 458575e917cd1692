package comparison

import "math"

// Pair is how testee B compares with testee A in a measure.
type Pair struct {
	A, B   int // numbers of the samples
	Rounds int // in which both have a value above 0

	// Ratio is B's value by A's: the Hodges-Lehmann estimate of its median over the rounds. It
	// is 0 without a round.
	Ratio float64

	// Low and High are the limits of its confidence interval. Both are 0 if the rounds are too
	// few for one.
	Low, High float64

	P        float64 // of Wilcoxon's signed-rank test, two-sided and exact
	Adjusted float64 // P after Holm's correction over all pairs

	// Smallest is the smallest difference that these rounds could find among so many pairs, as a
	// share of A: 0.03 if B has to differ by 3 %. It is 0 if they are too few to find any.
	Smallest float64
}

// Bounded reports whether there is a confidence interval.
func (p *Pair) Bounded() bool { return p.High > 0 }

// Differ reports whether the testees differ, at a level such as 0.95. The test leaves out rounds in
// which they are equal, and the interval does not: it has to agree.
func (p *Pair) Differ(level float64) bool {
	return p.Bounded() && (p.Low > 1 || p.High < 1) && p.Adjusted <= 1-level+rounding
}

// newPair compares two samples. Their values are compared as logarithms: a testee that takes
// twice as long is as far from another one as that is from it.
//
// corrected is the level at which Holm's procedure may test it.
func newPair(a, b int, samples []Sample, corrected, level float64) Pair {
	p := Pair{A: a, B: b, P: 1, Adjusted: 1}
	s := signedRank{logRatios(samples[a].Values, samples[b].Values)}
	if p.Rounds = len(s.differences); p.Rounds == 0 {
		return p
	}
	p.Ratio, p.P = math.Exp(s.estimate()), s.p()
	if low, high, ok := s.interval(level); ok {
		p.Low, p.High = math.Exp(low), math.Exp(high)
	}
	p.Smallest = s.smallest(corrected)
	return p
}

// logRatios returns the logarithms of b's values by a's, of the rounds in which both are above 0.
func logRatios(a, b []float64) (all []float64) {
	for i := range min(len(a), len(b)) {
		if a[i] > 0 && b[i] > 0 { // not for NaN
			all = append(all, math.Log(b[i])-math.Log(a[i]))
		}
	}
	return all
}

// smallest returns how far from 1 the ratio has to be for an interval of that level around it to
// leave 1 out, if the rounds are spread as they are; 0 without an interval.
func (s signedRank) smallest(level float64) float64 {
	low, high, ok := s.interval(level)
	if !ok {
		return 0
	}
	middle := s.estimate()
	return math.Expm1(max(middle-low, high-middle))
}
