package comparison

import (
	"math"
	"slices"
	"sort"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// rankSum is the test of values that share no rounds: the rank-sum test of Wilcoxon, and of H. B.
// Mann and D. R. Whitney, On a Test of Whether one of Two Random Variables is Stochastically Larger
// than the Other, 1947.
type rankSum struct{ a, b []float64 }

func (r rankSum) p() float64 {
	t := benchmath.DefaultThresholds
	p := benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(r.a), &t), benchmath.NewSample(slices.Clone(r.b), &t)).P
	if math.IsNaN(p) {
		return 1
	}
	return p
}

// differences returns those of each value of b from each of a, in ascending order.
func (r rankSum) differences() []float64 {
	all := make([]float64, 0, len(r.a)*len(r.b))
	for _, a := range r.a {
		for _, b := range r.b {
			all = append(all, b-a)
		}
	}
	slices.Sort(all)
	return all
}

func (r rankSum) estimate() float64 { return median(r.differences()) }

// interval returns the shifts of b that the test does not refuse.
func (r rankSum) interval(level float64) (low, high float64, ok bool) {
	u := stats.UDist{N1: len(r.a), N2: len(r.b)}
	// Each value of the distribution takes long for many runs.
	outside := sort.Search(len(r.a)*len(r.b), func(n int) bool { return 2*u.CDF(float64(n)) > 1-level+rounding })
	if outside == 0 {
		return 0, 0, false
	}
	all := r.differences()
	return all[outside-1], all[len(all)-outside], true
}

// leastRuns returns with how many runs of each testee a difference can be told at all, if so many
// pairs are compared: even if all runs of one are above all of the other, chance does that in two of
// all the ways to choose n of 2n.
func leastRuns(pairs int, level float64) int {
	n, ways := 1, 2.0
	for 2/ways > (1-level)/float64(pairs)+rounding {
		n++
		ways = ways * float64(2*n) * float64(2*n-1) / float64(n*n)
	}
	return n
}
