package comparison

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Sample is the values of a testee in a measure.
type Sample struct {
	Name   string
	Values []float64 // by round; NaN: the testee has none in that round
}

// present returns the values that are there, in ascending order.
func (s *Sample) present() []float64 {
	all := slices.DeleteFunc(slices.Clone(s.Values), math.IsNaN)
	slices.Sort(all)
	return all
}

// Center returns the median of the values and its interval with that confidence, from the ranks alone;
// known is false if there are too few values for one. Without a value, all is 0.
func (s *Sample) Center(level float64) (median, low, high float64, known bool) {
	present := s.present()
	if len(present) == 0 {
		return 0, 0, 0, false
	}
	t := benchmath.DefaultThresholds
	c := benchmath.AssumeNothing.Summary(benchmath.NewSample(present, &t), level)
	known = !math.IsInf(c.Lo, 0) && !math.IsInf(c.Hi, 0)
	return c.Center, c.Lo, c.Hi, known
}

// Question is what to find out.
type Question struct {
	Level    float64 // of confidence, such as 0.95: the chance that no difference is claimed where there is none
	Higher   bool    // higher values are better
	Baseline int     // the testee that all others are compared with; AllPairs: each with each
	Unpaired bool    // the values of a sample have nothing to do with those at the same place of another one
}

// AllPairs compares every testee with every other one.
const AllPairs = -1

// Ranking is the answer.
type Ranking struct {
	Rows  []Row  // the best testee first, those without a value last
	Pairs []Pair // all that were tested
}

// Row is a testee in a measure.
type Row struct {
	Testee              int
	Rounds              int     // in which it has a value
	Median, Least, Most float64 // of its values; 0 without a value
	Against             *Pair   // how it compares with Reference; nil for that itself
}

// Reference returns the testee that the rows are compared with: the baseline, or the best one.
func (r *Ranking) Reference() int {
	for _, row := range r.Rows {
		if row.Against == nil {
			return row.Testee
		}
	}
	return 0 // there is no row
}

// Rank compares the testees in a measure. The samples have the rounds in the same order.
func Rank(samples []Sample, q Question) *Ranking {
	r := &Ranking{Rows: make([]Row, len(samples))}
	for i := range samples {
		r.Rows[i] = newRow(i, samples[i].present())
	}
	tested := slices.DeleteFunc(q.pairs(len(samples)), func(p [2]int) bool { return r.Rows[p[0]].Rounds == 0 || r.Rows[p[1]].Rounds == 0 })
	for _, p := range tested {
		r.Pairs = append(r.Pairs, newPair(p[0], p[1], samples, q.corrected(len(tested)), q))
	}
	r.adjust()
	r.sort(samples, q)
	r.compare(q)
	return r
}

func newRow(testee int, present []float64) Row {
	row := Row{Testee: testee, Rounds: len(present)}
	if row.Rounds > 0 {
		row.Median, row.Least, row.Most = median(present), present[0], present[len(present)-1]
	}
	return row
}

// pairs returns which of n testees to compare.
func (q Question) pairs(n int) (all [][2]int) {
	for a := range n {
		for b := a + 1; b < n; b++ {
			switch q.Baseline {
			case AllPairs, a:
				all = append(all, [2]int{a, b})
			case b:
				all = append(all, [2]int{b, a})
			}
		}
	}
	return all
}

// Least returns how many rounds, or runs of each testee without rounds, can tell a difference at all
// between so many pairs.
func (q Question) Least(pairs int) int {
	if q.Unpaired {
		return leastRuns(max(1, pairs), q.Level)
	}
	return leastRounds(max(1, pairs), q.Level)
}

// Pairs returns how many pairs of n testees are compared.
func (q Question) Pairs(n int) int { return len(q.pairs(n)) }

// corrected returns the level at which a single one of so many pairs is tested if it is the first one
// of Holm's procedure.
func (q Question) corrected(pairs int) float64 { return 1 - (1-q.Level)/float64(max(1, pairs)) }

func (r *Ranking) adjust() {
	ps := make([]float64, len(r.Pairs))
	for i, p := range r.Pairs {
		ps[i] = p.P
	}
	for i, p := range holm(ps) {
		r.Pairs[i].Adjusted = p
	}
}

// sort puts the best testee first. It is the one with the best values in the rounds that all
// share: each round is compared with its own mean, because the machine drifts between them. If there
// are none, it is the one with the best median.
func (r *Ranking) sort(samples []Sample, q Question) {
	places := standings(samples)
	if q.Unpaired {
		for _, row := range r.Rows {
			places[row.Testee] = row.Median
		}
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int {
		switch {
		case a.Rounds == 0 || b.Rounds == 0:
			return min(b.Rounds, 1) - min(a.Rounds, 1)
		case q.Higher:
			return compare(places[b.Testee], places[a.Testee])
		}
		return compare(places[a.Testee], places[b.Testee])
	})
}

// standings returns where each testee stands: the estimate of the logarithm of its values by the
// geometric mean of their rounds.
func standings(samples []Sample) []float64 {
	means := roundMeans(samples)
	places := make([]float64, len(samples))
	for i, s := range samples {
		if all := logRatios(means, s.Values); len(all) > 0 {
			places[i] = signedRank{all}.estimate()
		}
	}
	return places
}

// roundMeans returns the geometric mean of each round.
func roundMeans(samples []Sample) (means []float64) {
	for round := range rounds(samples) {
		sum, n := 0.0, 0
		for _, s := range samples {
			if round < len(s.Values) && s.Values[round] > 0 {
				sum, n = sum+math.Log(s.Values[round]), n+1
			}
		}
		means = append(means, math.Exp(sum/float64(max(1, n))))
	}
	return means
}

func rounds(samples []Sample) (most int) {
	for _, s := range samples {
		most = max(most, len(s.Values))
	}
	return most
}

// compare gives each row but that of the reference its pair.
func (r *Ranking) compare(q Question) {
	reference := q.Baseline
	if reference == AllPairs && len(r.Rows) > 0 {
		reference = r.Rows[0].Testee
	}
	for i, row := range r.Rows {
		if row.Testee != reference {
			r.Rows[i].Against = r.pair(reference, row.Testee)
		}
	}
}

// pair returns how b compares with a. If they were not compared, because one of them has no value, no
// round of the pair has both.
func (r *Ranking) pair(a, b int) *Pair {
	for i, p := range r.Pairs {
		if p.A == a && p.B == b || p.A == b && p.B == a {
			return r.Pairs[i].towards(b)
		}
	}
	return &Pair{A: a, B: b, P: 1, Adjusted: 1}
}

// towards returns the pair with b as its second one.
func (p *Pair) towards(b int) *Pair {
	if p.B == b {
		return p
	}
	turned := *p
	turned.A, turned.B = p.B, p.A
	if p.Rounds > 0 {
		turned.Ratio = 1 / p.Ratio
	}
	if p.Bounded() {
		turned.Low, turned.High = 1/p.High, 1/p.Low
	}
	return &turned
}
