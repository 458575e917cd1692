package search

import (
	"math"
	"slices"
)

// Plan decides which rates to try. It knows neither clock nor testee: its decisions depend on
// the outcomes of the steps alone.
//
// The rate doubles from From until a step misses the requirements, or halves until one meets
// them. Then the interval between the two is halved, at its geometric mean, until its ends are
// no further apart than Precision. Where the testee is near its limit, one step can go well or
// badly by chance. So a rate is an end of an interval that is halved, or of the answer, only if
// one outcome has come in two steps more than the other, or in most of maxTries steps.
type Plan struct {
	From      float64 // starts per second, Lowest to To
	To        float64 // starts per second, at most stats.MaxRate
	Precision float64 // how much above the low end of the answer its high end may be: 0.05 is 5 %
}

// Lowest is the lowest rate that is tried, in starts per second: below, a step of seconds has
// next to no connections.
const Lowest = 1.0

// Outcome is what a step says of its rate.
type Outcome string

// Outcomes of a step.
const (
	Met     Outcome = "met"          // the requirements were met
	Missed  Outcome = "missed"       // they were not
	Limited Outcome = "client_limit" // the client did not offer the rate, or may be why they were not met: nothing is known of the testee
)

// A rate that is wrong by chance in one of 20 steps is decided wrongly in one of 300 cases: p^2
// for two steps, 2 p^3 q for four, 4 p^3 q^2 for five. With the best of three it would be one
// in 138.
const (
	margin     = 2 // decides at once
	maxTries   = 5 // with an outcome of the testee
	maxLimited = 2 // steps in which the client did not keep the rate
)

// Tally is the outcomes of the steps at one rate. The JSON keys are those of the search's
// document.
type Tally struct {
	Rate    float64 `json:"rate"` // starts per second
	Met     int     `json:"met"`
	Missed  int     `json:"missed"`
	Limited int     `json:"client_limit"`
}

// ByClient reports whether the rate is more than the client can offer.
func (t *Tally) ByClient() bool { return t.Limited >= maxLimited }

func (t *Tally) lead() int { return t.Met - t.Missed }

// decided reports whether no further step at this rate is needed.
func (t *Tally) decided() bool {
	return t.ByClient() || t.Met+t.Missed >= maxTries || t.lead() >= margin || t.lead() <= -margin
}

// tooHigh reports whether the rate is too high, as far as is known.
func (t *Tally) tooHigh() bool { return t.ByClient() || t.lead() < 0 }

// open reports whether the steps at this rate say nothing yet.
func (t *Tally) open() bool { return !t.ByClient() && t.lead() == 0 }

func (t *Tally) add(o Outcome) {
	switch o {
	case Met:
		t.Met++
	case Missed:
		t.Missed++
	case Limited:
		t.Limited++
	}
}

// Tallies has the rates that were tried, the lowest first.
type Tallies []Tally

// Add counts a step. It returns the tally of its rate.
func (all *Tallies) Add(rate float64, o Outcome) Tally {
	at, found := slices.BinarySearchFunc(*all, rate, func(t Tally, rate float64) int {
		switch {
		case t.Rate < rate:
			return -1
		case t.Rate > rate:
			return 1
		}
		return 0
	})
	if !found {
		*all = slices.Insert(*all, at, Tally{Rate: rate})
	}
	(*all)[at].add(o)
	return (*all)[at]
}

// Bracket is what is known of the highest rate: it is Low or more, and below High. Either can
// be nil.
type Bracket struct{ Low, High *Tally }

// Bracket returns the lowest rate that is too high, and the highest one below it that is not.
// What was met above a rate that is too high does not count.
func (all Tallies) Bracket() (b Bracket) {
	for i := range all {
		switch t := &all[i]; {
		case t.tooHigh():
			b.High = t
			return b
		case !t.open():
			b.Low = t
		}
	}
	return b
}

// Next returns the rate of the next step; ok is false if the bracket is the answer.
func (p Plan) Next(all Tallies) (rate float64, ok bool) {
	if i := slices.IndexFunc(all, func(t Tally) bool { return t.open() }); i >= 0 {
		return all[i].Rate, true
	}
	b := all.Bracket()
	switch {
	case b.Low == nil && b.High == nil:
		return p.From, true
	case b.High == nil && b.Low.Rate < p.To:
		return min(2*b.Low.Rate, p.To), true
	case b.Low == nil && b.High.Rate > Lowest:
		return max(b.High.Rate/2, Lowest), true
	case b.High != nil && !b.High.decided():
		return b.High.Rate, true
	case b.Low != nil && !b.Low.decided():
		return b.Low.Rate, true
	case b.Low != nil && b.High != nil && b.High.Rate > b.Low.Rate*(1+p.Precision):
		return middle(b.Low.Rate, b.High.Rate), true
	}
	return 0, false
}

// middle returns the geometric mean of two rates, rounded to 4 digits, so that it is offered as
// it is printed. Two rates that differ by 1 % or more have another rate between them.
func middle(low, high float64) float64 {
	mean := math.Sqrt(low * high)
	unit := math.Pow(10, math.Floor(math.Log10(mean))-3)
	if unit < 1 { // 1/unit is a whole number, unit is not
		inverse := math.Round(1 / unit)
		return math.Round(mean*inverse) / inverse
	}
	return math.Round(mean/unit) * unit
}

// MaxSteps returns a number of steps that no search exceeds. The rates that are tried are those
// from From up to To and down to Lowest by factors of 2, and those that halve the logarithm of
// a factor of 2 until it is that of the precision. One more is for their rounding. A rate gets
// maxTries steps at most, and the client's first failure to keep it is repeated.
func (p Plan) MaxSteps() int {
	doublings := math.Ceil(math.Log2(p.To / p.From))
	halvings := math.Ceil(math.Log2(p.From / Lowest))
	parts := math.Ceil(math.Log2(math.Ln2 / math.Log1p(p.Precision)))
	rates := 1 + int(doublings+halvings+max(0, parts)) + 1
	return rates * (maxTries + maxLimited - 1)
}
