package stats

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Limits of intervals.
const (
	MinInterval  = 10 * time.Millisecond
	MaxInterval  = time.Hour
	MaxIntervals = 100_000 // of a run, 27 hours of 1 s each: the last one contains all that comes after it
)

// Interval is what happened in a part of the measured window. Connections count where they
// start and where they end, so those that are open at an end of the interval count in two of
// them. Phases are those of the connections that succeeded in the interval.
type Interval struct {
	Offset time.Duration // from the start of the measured window
	Length time.Duration

	Started, Success, Fail uint64
	Causes                 [NumCauses]uint64

	// At the end of the interval, with those of the warm-up.
	InFlight int
	Open     int // all connections, those in flight too

	encoded [NumPhases][]byte // by coarse.appendTo; empty: no values
}

// Histogram returns the histogram of a phase in microseconds, with two significant digits:
// of the successes, and for PhaseLate of the failures too.
func (iv *Interval) Histogram(p Phase) *hdrhistogram.Histogram {
	c := iv.coarse(p)
	return c.histogram()
}

func (iv *Interval) coarse(p Phase) *coarse {
	c := new(coarse)
	// What is encoded was checked when it came in, and add keeps the sum in range.
	_ = c.addFrom(iv.encoded[p])
	return c
}

// Encoded returns the counters of a phase in the V2 encoding of HdrHistogram, without its
// header. They are empty without a value.
func (iv *Interval) Encoded(p Phase) []byte { return iv.encoded[p] }

// SetEncoded takes counters that Encoded has returned.
func (iv *Interval) SetEncoded(p Phase, counters []byte) error {
	if err := new(coarse).addFrom(counters); err != nil {
		return err
	}
	iv.encoded[p] = counters
	return nil
}

// PerSecond divides a count by the length of the interval.
func (iv *Interval) PerSecond(n uint64) float64 {
	if iv.Length <= 0 {
		return 0
	}
	return float64(n) / iv.Length.Seconds()
}

// End returns when the interval ends, from the start of the measured window.
func (iv *Interval) End() time.Duration { return iv.Offset + iv.Length }

// add adds what happened at the same time elsewhere.
func (iv *Interval) add(o *Interval) error {
	iv.Length = max(iv.Length, o.Length)
	iv.addCounts(o)
	for p := range iv.encoded {
		if err := iv.addEncoded(Phase(p), o.encoded[p]); err != nil {
			return fmt.Errorf("phase %v of an interval: %w", Phase(p), err)
		}
	}
	return nil
}

func (iv *Interval) addCounts(o *Interval) {
	iv.Started += o.Started
	iv.Success += o.Success
	iv.Fail += o.Fail
	iv.InFlight += o.InFlight
	iv.Open += o.Open
	for c := range iv.Causes {
		iv.Causes[c] += o.Causes[c]
	}
}

func (iv *Interval) addEncoded(p Phase, counters []byte) error {
	if len(counters) == 0 || len(iv.encoded[p]) == 0 {
		iv.encoded[p] = append(iv.encoded[p], counters...)
		return nil
	}
	sum := iv.coarse(p)
	if err := sum.addFrom(counters); err != nil {
		return err
	}
	iv.encoded[p] = sum.appendTo(nil)
	return nil
}

// intervalSum adds the intervals of results by their offset from the start of each. There are none
// unless all results with a connection have them, all of the same Setup.IntervalUs.
type intervalSum struct {
	all      []Interval
	lengthUs int64 // 0: of no result yet
	none     bool
}

// plus returns the sum with the intervals of another result. It does not change s.
func (s intervalSum) plus(r *Result) (intervalSum, error) {
	switch n := len(r.Intervals); {
	case n == 0 && r.Total == 0 || s.none:
		return s, nil
	case n == 0 || s.lengthUs > 0 && r.Setup.IntervalUs != s.lengthUs:
		return intervalSum{none: true}, nil
	}
	sum := intervalSum{all: slices.Clone(s.all), lengthUs: r.Setup.IntervalUs}
	for i := range r.Intervals {
		if i == len(sum.all) {
			sum.all = append(sum.all, Interval{Offset: r.Intervals[i].Offset})
		}
		if err := sum.all[i].add(&r.Intervals[i]); err != nil {
			return s, err
		}
	}
	return sum, nil
}

// checkIntervals verifies that the intervals are all of the run, and nothing else.
func (r *Result) checkIntervals() error {
	if len(r.Intervals) == 0 {
		return nil
	}
	if n := len(r.Intervals); n > MaxIntervals {
		return fmt.Errorf("%d intervals, at most %d are allowed", n, MaxIntervals)
	}
	var all Interval
	var values [NumPhases]uint64
	for i := range r.Intervals {
		iv := &r.Intervals[i]
		if i > 0 && iv.Offset != r.Intervals[i-1].End() {
			return fmt.Errorf("interval %d begins at %v, the one before ends at %v", i, iv.Offset, r.Intervals[i-1].End())
		}
		all.addCounts(iv)
		for p := range values {
			values[p] += iv.coarse(Phase(p)).count()
		}
	}
	return firstError(r.checkIntervalCounts(&all), r.checkIntervalValues(&values))
}

func (r *Result) checkIntervalCounts(all *Interval) error {
	err := firstError(
		equal("connections started in all intervals", all.Started, "connections started", r.Total),
		equal("successes in all intervals", all.Success, "successes", r.Success),
		equal("failures in all intervals", all.Fail, "failures", r.Fail),
	)
	for c := range all.Causes {
		err = firstError(err, equal(fmt.Sprintf("%v in all intervals", Cause(c)), all.Causes[c], "in the run", r.Causes[c]))
	}
	return err
}

func (r *Result) checkIntervalValues(values *[NumPhases]uint64) (err error) {
	for p := range Phase(NumPhases) {
		err = firstError(err, equal(fmt.Sprintf("values of phase %v in all intervals", p), values[p], "in the run", r.intervalValues(p)))
	}
	return err
}

// intervalValues returns how many values of a phase its intervals have.
func (r *Result) intervalValues(p Phase) uint64 {
	n := r.Phases[p].Success.TotalCount()
	if p.Apart() {
		n += r.Phases[p].Failure.TotalCount()
	}
	return uint64(n)
}
