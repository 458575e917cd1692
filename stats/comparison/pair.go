package comparison

import "math"

// Pair is how testee B compares with testee A in a measure.
type Pair struct {
	A, B   int // numbers of the samples
	Rounds int // in which both have a value above 0; of runs without rounds, the fewer that one of them has

	// Ratio is B's value by A's: the Hodges-Lehmann estimate of its median. It
	// is 0 without a round.
	Ratio float64

	// Low and High are the limits of its confidence interval. Both are 0 if the rounds are too
	// few for one.
	Low, High float64

	P        float64 // of Wilcoxon's signed-rank test, or of the rank-sum test; two-sided
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

// test says how b compares with a, by the logarithms of their values: a testee that takes twice as
// long is as far from another one as that is from it.
type test interface {
	p() float64                                          // two-sided
	estimate() float64                                   // of the difference of b from a
	interval(level float64) (low, high float64, ok bool) // of that; ok is false if there are too few values
}

// newPair compares two samples. corrected is the level at which Holm's procedure may test them.
func newPair(a, b int, samples []Sample, corrected float64, q Question) Pair {
	p := Pair{A: a, B: b, P: 1, Adjusted: 1}
	var t test
	if t, p.Rounds = q.test(samples[a].Values, samples[b].Values); p.Rounds == 0 {
		return p
	}
	p.Ratio, p.P = math.Exp(t.estimate()), t.p()
	if low, high, ok := t.interval(q.Level); ok {
		p.Low, p.High = math.Exp(low), math.Exp(high)
	}
	p.Smallest = smallest(t, corrected)
	return p
}

// test returns the test for two samples, and how many values each of them has for it.
func (q Question) test(a, b []float64) (t test, rounds int) {
	if q.Unpaired {
		r := rankSum{logarithms(a), logarithms(b)}
		return r, min(len(r.a), len(r.b))
	}
	s := signedRank{logRatios(a, b)}
	return s, len(s.differences)
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

// logarithms returns those of the values above 0.
func logarithms(values []float64) (all []float64) {
	for _, v := range values {
		if v > 0 { // not for NaN
			all = append(all, math.Log(v))
		}
	}
	return all
}

// smallest returns how far from 1 the ratio has to be for an interval of that level around it to
// leave 1 out, if the values are spread as they are; 0 without an interval.
func smallest(t test, level float64) float64 {
	low, high, ok := t.interval(level)
	if !ok {
		return 0
	}
	middle := t.estimate()
	return math.Expm1(max(middle-low, high-middle))
}
