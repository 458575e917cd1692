package comparison

import (
	"math"
	"slices"
)

// signedRank is Wilcoxon's signed-rank test of paired values: F. Wilcoxon, Individual
// Comparisons by Ranking Methods, 1945; the interval and the estimate are those of J. L. Hodges
// and E. L. Lehmann, Estimates of Location Based on Rank Tests, 1963. All are exact: if the
// pairs do not differ, the order in which their halves came decides on each sign by chance, and
// all 2^n signs are counted.
type signedRank struct {
	differences []float64 // finite
}

// p returns how likely a sum of ranks as far from its middle as this one is, if nothing but
// chance decides on the signs. It is two-sided, above 0 and at most 1. Differences of 0 say
// nothing and are left out, as in Wilcoxon's paper.
func (s signedRank) p() float64 {
	ranks, positive := s.doubledRanks()
	if len(ranks) == 0 {
		return 1
	}
	ways := waysToSum(ranks)
	total := len(ways) - 1
	var tail float64
	for _, w := range ways[:min(positive, total-positive)+1] {
		tail += w
	}
	return min(1, 2*tail)
}

// doubledRanks returns the ranks of the differences by their size, twice each so that those of
// equal ones, which share their mean, are whole numbers; and the sum of the positive ones.
func (s signedRank) doubledRanks() (ranks []int, positive int) {
	sorted := slices.DeleteFunc(slices.Clone(s.differences), func(d float64) bool { return d == 0 })
	slices.SortFunc(sorted, func(a, b float64) int { return compare(math.Abs(a), math.Abs(b)) })
	for first := 0; first < len(sorted); {
		end := first + 1
		for end < len(sorted) && math.Abs(sorted[end]) == math.Abs(sorted[first]) {
			end++
		}
		for _, d := range sorted[first:end] {
			rank := first + 1 + end // twice the mean of first+1 to end
			ranks = append(ranks, rank)
			if d > 0 {
				positive += rank
			}
		}
		first = end
	}
	return ranks, positive
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// waysToSum returns the probability of each sum from 0 to that of all ranks, if each rank is
// part of it with probability 1/2.
func waysToSum(ranks []int) []float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	ways := make([]float64, total+1)
	ways[0] = 1
	reached := 0
	for _, r := range ranks {
		reached += r
		for sum := reached; sum >= 0; sum-- {
			with := 0.0
			if sum >= r {
				with = ways[sum-r]
			}
			ways[sum] = (ways[sum] + with) / 2
		}
	}
	return ways
}

// walsh returns the means of all pairs of differences, each with itself too, in ascending order.
func (s signedRank) walsh() []float64 {
	n := len(s.differences)
	all := make([]float64, 0, n*(n+1)/2)
	for i, a := range s.differences {
		for _, b := range s.differences[i:] {
			all = append(all, a/2+b/2)
		}
	}
	slices.Sort(all)
	return all
}

// estimate returns the median of the means of all pairs, which is where the differences lie. It
// must have a difference.
func (s signedRank) estimate() float64 { return median(s.walsh()) }

// interval returns the differences that the test does not refuse at a level such as 0.95. ok is
// false if there are too few for a limit: no sum of ranks is rare enough.
func (s signedRank) interval(level float64) (low, high float64, ok bool) {
	outside, ok := refused(len(s.differences), level)
	if !ok {
		return 0, 0, false
	}
	all := s.walsh()
	return all[outside-1], all[len(all)-outside], true
}

// refused returns how many of the lowest sums of ranks the test refuses at each side; ok is
// false if it is none.
func refused(n int, level float64) (sums int, ok bool) {
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	tail := 0.0
	for sum, w := range waysToSum(ranks) {
		if tail += w; 2*tail > 1-level+rounding {
			return sum, sum > 0
		}
	}
	return 0, false // no differences
}

// rounding is more than the error of a sum of probabilities, and of 1 less a level.
const rounding = 1e-12

// leastRounds returns with how many rounds a difference can be told at all, if so many pairs of
// testees are compared: even if all rounds agree, chance does that in one of 2^(n-1) cases.
func leastRounds(pairs int, level float64) int {
	n := 1
	for 2*math.Pow(0.5, float64(n)) > (1-level)/float64(pairs)+rounding {
		n++
	}
	return n
}

// median returns the median of sorted values. There must be one.
func median(sorted []float64) float64 {
	n := len(sorted)
	return sorted[(n-1)/2]/2 + sorted[n/2]/2
}
