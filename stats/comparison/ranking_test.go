package comparison

import (
	"math"
	"testing"
)

var none = math.NaN()

// scaled returns values in each of which a testee is factor times as good as the round.
func scaled(factor float64, rounds ...float64) (all []float64) {
	for i, r := range rounds {
		all = append(all, r*factor*(1+0.001*float64(i%3))) // no two ratios are equal
	}
	return all
}

var drift = []float64{100, 130, 90, 160, 110, 95, 150, 120}

func names(r *Ranking, samples []Sample) (all []string) {
	for _, row := range r.Rows {
		all = append(all, samples[row.Testee].Name)
	}
	return all
}

func TestRankSortsByWhatRoundsShare(t *testing.T) {
	samples := []Sample{
		{"slow", scaled(1, drift...)},
		{"fast", scaled(1.2, drift...)},
		{"lucky", []float64{none, none, none, 170, none, none, 160, none}}, // the highest median, of the best rounds
		{"absent", []float64{none, none, none, none, none, none, none, none}},
	}
	r := Rank(samples, Question{Level: 0.95, Higher: true, Baseline: AllPairs})
	if got := names(r, samples); got[0] != "fast" || got[3] != "absent" {
		t.Errorf("order %v", got)
	}
	if r.Reference() != 1 || r.Rows[0].Against != nil {
		t.Errorf("reference %d", r.Reference())
	}
	r = Rank(samples, Question{Level: 0.95, Baseline: AllPairs})
	if got := names(r, samples); got[2] != "fast" || got[3] != "absent" {
		t.Errorf("order if lower is better: %v", got)
	}
}

func TestRankAgainst(t *testing.T) {
	samples := []Sample{{"a", scaled(1, drift...)}, {"b", scaled(0.8, drift...)}}
	for _, c := range []struct {
		name     string
		q        Question
		testee   int
		ratio    float64
		higher   bool
		expected bool
	}{
		{"the best", Question{Level: 0.95, Higher: true, Baseline: AllPairs}, 1, 0.8, false, true},
		{"a baseline that is not", Question{Level: 0.95, Higher: true, Baseline: 1}, 0, 1.25, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Rank(samples, c.q)
			for _, row := range r.Rows {
				if row.Testee != c.testee {
					continue
				}
				p := row.Against
				if p == nil || p.B != c.testee || math.Abs(p.Ratio-c.ratio) > 1e-9 || p.Low > p.Ratio || p.High < p.Ratio || !p.Bounded() {
					t.Fatalf("pair %+v, want a ratio of %v", p, c.ratio)
				}
				if !p.Differ(0.95) || p.P != 2./256 {
					t.Errorf("p %v", p.P)
				}
			}
		})
	}
}

// TestTooFewRounds: five rounds cannot tell anything at 95 %, however far apart.
func TestTooFewRounds(t *testing.T) {
	samples := []Sample{{"a", drift[:5]}, {"b", scaled(3, drift[:5]...)}}
	p := Rank(samples, Question{Level: 0.95, Baseline: AllPairs}).Pairs[0]
	if p.Differ(0.95) || p.Bounded() || p.Smallest != 0 {
		t.Errorf("%+v", p)
	}
}

// TestMorePairsNeedMore: six rounds tell one pair apart, and not six pairs.
func TestMorePairsNeedMore(t *testing.T) {
	samples := []Sample{{"a", drift[:6]}, {"b", scaled(3, drift[:6]...)}}
	if p := Rank(samples, Question{Level: 0.95, Baseline: AllPairs}).Pairs[0]; !p.Differ(0.95) || p.Smallest == 0 {
		t.Errorf("one pair: %+v", p)
	}
	samples = append(samples, Sample{"c", scaled(9, drift[:6]...)}, Sample{"d", scaled(27, drift[:6]...)})
	r := Rank(samples, Question{Level: 0.95, Baseline: AllPairs})
	if len(r.Pairs) != 6 {
		t.Fatalf("%d pairs", len(r.Pairs))
	}
	for _, p := range r.Pairs {
		if p.Differ(0.95) || p.Smallest != 0 || !p.Bounded() {
			t.Errorf("six pairs: %+v", p)
		}
	}
	if r = Rank(samples, Question{Level: 0.95, Baseline: 0}); len(r.Pairs) != 3 {
		t.Errorf("%d pairs with a baseline", len(r.Pairs))
	}
}

// TestSmallest: rounds that scatter by 5 % find no less than that; a difference just above is one.
func TestSmallest(t *testing.T) {
	scatter := []float64{-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5}
	at := func(shift float64) *Ranking {
		a, b := Sample{Name: "a"}, Sample{Name: "b"}
		for _, s := range scatter {
			a.Values = append(a.Values, 100)
			b.Values = append(b.Values, 100*math.Exp(s/100+shift))
		}
		return Rank([]Sample{a, b}, Question{Level: 0.95, Baseline: AllPairs})
	}
	smallest := at(0).Pairs[0].Smallest
	if smallest < 0.02 || smallest > 0.03 {
		t.Fatalf("smallest %v", smallest)
	}
	edge := math.Log1p(smallest)
	if p := at(edge * 1.02).Pairs[0]; !p.Differ(0.95) {
		t.Errorf("a difference of a bit more than the smallest is not found: %+v", p)
	}
	if p := at(edge * 0.98).Pairs[0]; p.Differ(0.95) {
		t.Errorf("a difference of less than the smallest is found: %+v", p)
	}
}

func TestRankWithoutValues(t *testing.T) {
	if r := Rank(nil, Question{Level: 0.95, Baseline: AllPairs}); len(r.Rows) != 0 || r.Reference() != 0 {
		t.Errorf("%+v", r)
	}
	r := Rank([]Sample{{Name: "a"}, {"b", []float64{none, 0}}}, Question{Level: 0.95, Baseline: AllPairs})
	if p := r.Rows[1].Against; len(r.Pairs) != 0 || p.Rounds != 0 || p.Ratio != 0 || p.Differ(0.95) {
		t.Errorf("%+v, %+v", r.Pairs, p)
	}
}

// TestAbsentTesteesAreNoPairs: one without a value makes no claim of the others harder.
func TestAbsentTesteesAreNoPairs(t *testing.T) {
	samples := []Sample{{"a", drift[:6]}, {"b", scaled(3, drift[:6]...)}, {"absent", []float64{none}}}
	r := Rank(samples, Question{Level: 0.95, Baseline: AllPairs})
	if len(r.Pairs) != 1 || !r.Pairs[0].Differ(0.95) || r.Pairs[0].Smallest == 0 {
		t.Errorf("%+v", r.Pairs)
	}
}
