package comparison

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// storedRounds reads the rates of one testee under four names (testdata/alike.csv): for each
// round those of the names, as logarithms. wsperf compare made them with --format csv.
func storedRounds(t *testing.T) (rounds [][]float64) {
	t.Helper()
	f, err := os.Open("testdata/alike.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		round, _ := strconv.Atoi(row[1])
		rate, err := strconv.ParseFloat(row[4], 64)
		if row[3] != "rate" {
			continue
		}
		if err != nil || round < 1 {
			t.Fatalf("%q", row)
		}
		for len(rounds) < round {
			rounds = append(rounds, nil)
		}
		rounds[round-1] = append(rounds[round-1], math.Log(rate))
	}
	return rounds
}

// simulated returns a comparison of two testees, whose rounds are drawn from the stored ones: the
// drift of a stored round, and for each testee its distance from the round's mean of a run of any
// stored round. The second testee is factor times as fast.
func simulated(random *rand.Rand, stored [][]float64, rounds int, factor float64) []Sample {
	a, b := Sample{Name: "a"}, Sample{Name: "b"}
	noise := func() float64 {
		round := stored[random.IntN(len(stored))]
		return round[random.IntN(len(round))] - meanOf(round)
	}
	for range rounds {
		drift := meanOf(stored[random.IntN(len(stored))])
		a.Values = append(a.Values, math.Exp(drift+noise()))
		b.Values = append(b.Values, factor*math.Exp(drift+noise()))
	}
	return []Sample{a, b}
}

func meanOf(values []float64) (mean float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean
}

var ask = Question{Level: 0.95, Higher: true, Baseline: AllPairs}

// TestAlike: a testee under two names comes out as no difference in 95 of 100 comparisons. The
// seed is fixed; 10000 comparisons are so many that another one would find the same.
func TestAlike(t *testing.T) {
	stored := storedRounds(t)
	random := rand.New(rand.NewPCG(1, 1))
	const comparisons, rounds = 10000, 12
	claimed, outside := 0, 0
	for range comparisons {
		p := Rank(simulated(random, stored, rounds, 1), ask).Pairs[0]
		if p.Differ(0.95) {
			claimed++
		}
		if p.Low > 1 || p.High < 1 {
			outside++
		}
	}
	t.Logf("a difference was claimed in %d of %d comparisons", claimed, comparisons)
	if claimed > comparisons/20 || outside > comparisons/20 {
		t.Errorf("a difference was claimed in %d of %d comparisons, and 1 was outside of the interval in %d", claimed, comparisons, outside)
	}
	if claimed < comparisons/100 {
		t.Errorf("only %d of %d: the test is too weak", claimed, comparisons)
	}
}

// TestTenPercent: a testee that is slower by a tenth is found in 19 of 20 comparisons of 10
// rounds, with the right sign, and the interval has the truth in 19 of 20.
func TestTenPercent(t *testing.T) {
	stored := storedRounds(t)
	random := rand.New(rand.NewPCG(2, 2))
	const comparisons, rounds, factor = 4000, 10, 1 / 1.1
	found, wrong, covered := 0, 0, 0
	for range comparisons {
		p := Rank(simulated(random, stored, rounds, factor), ask).Pairs[0]
		switch {
		case p.Differ(0.95) && p.Ratio < 1:
			found++
		case p.Differ(0.95):
			wrong++
		}
		if p.Low <= factor && factor <= p.High {
			covered++
		}
	}
	t.Logf("found in %d of %d comparisons, with the wrong sign in %d; the interval has the truth in %d", found, comparisons, wrong, covered)
	if found < comparisons*19/20 || wrong > 0 || covered < comparisons*19/20 {
		t.Errorf("found in %d of %d comparisons, with the wrong sign in %d; the interval has the truth in %d", found, comparisons, wrong, covered)
	}
}

// TestManyAlike: among five testees that are alike, all pairs together make a claim in 1 of 20
// comparisons at most.
func TestManyAlike(t *testing.T) {
	stored := storedRounds(t)
	random := rand.New(rand.NewPCG(3, 3))
	const comparisons, rounds = 1000, 12
	claimed := 0
	for range comparisons {
		var samples []Sample
		for range 3 {
			samples = append(samples, simulated(random, stored, rounds, 1)...)
		}
		for _, p := range Rank(samples[:5], ask).Pairs {
			if p.Differ(0.95) {
				claimed++
				break
			}
		}
	}
	t.Logf("a difference was claimed in %d of %d comparisons", claimed, comparisons)
	if claimed > comparisons/20 {
		t.Errorf("a difference was claimed in %d of %d comparisons", claimed, comparisons)
	}
}
