package stats

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Mode is how starts are paced.
type Mode string

const (
	ModeClosed Mode = "closed" // the next start waits for an earlier connection
	ModeOpen   Mode = "open"   // starts follow the clock, whatever the testee does
)

// Arrivals is how the starts of an open loop are spread over time.
type Arrivals string

const (
	ArrivalsEven    Arrivals = "even"    // at the same distance from each other, while the rate is constant
	ArrivalsPoisson Arrivals = "poisson" // at random and independent of each other, as those of many users
)

// MaxRate is the limit of the rate of an open loop, in starts per second.
const MaxRate = 10e6

// MaxStages is the limit of the number of stages.
const MaxStages = 1000

// Stage is a part of an open loop's load. Its rate goes from one value to the other in a
// straight line.
type Stage struct {
	From     float64 `json:"from"` // starts per second, 0 to MaxRate
	To       float64 `json:"to"`   // starts per second, 0 to MaxRate
	LengthUs int64   `json:"length_us"`
}

// Starts returns how many starts the stage has on average.
func (s Stage) Starts() float64 { return (s.From + s.To) / 2 * s.Length().Seconds() }

// Length returns how long the stage lasts.
func (s Stage) Length() time.Duration { return time.Duration(s.LengthUs) * time.Microsecond }

// LoadResult is what was asked of a run and what became of it. The zero value means that
// it is not known. Offered, Due and Owed are 0 for a closed loop, whose starts are never due.
type LoadResult struct {
	Mode    Mode    `json:"mode" merge:"common"`
	Offered float64 `json:"offered"` // starts per second that were asked for, on average
	Due     uint64  `json:"due"`     // starts that were due by the end of starting
	Owed    uint64  `json:"owed"`    // those of them that were not made

	LeftOut LeftOut `json:"left_out,omitzero"`
}

// LeftOut counts the connections of the warm-up, which are in no other count.
type LeftOut struct {
	Started uint64 `json:"started"`
	Fail    uint64 `json:"fail"`
}

// Bounds of an offered rate that was kept.
const (
	LeastKept    = 0.999            // of the starts that were due
	MostLate     = time.Millisecond // the 99 % quantile of the starts' lateness
	lateQuantile = 99
)

// Kept reports whether an open loop offered its load as it was asked to: the client made at
// least LeastKept of the starts that were due, and 99 % of them within MostLate. It is true
// for a closed loop.
func (r *Result) Kept() bool {
	return r.Load.Mode != ModeOpen ||
		float64(r.Load.Due-r.Load.Owed) >= LeastKept*float64(r.Load.Due) && r.LateUs(lateQuantile) <= MostLate.Microseconds()
}

// Late returns the lateness of all starts in microseconds, of connections that failed too.
// It is empty for a closed loop.
func (r *Result) Late() *hdrhistogram.Histogram {
	all := NewHistogram()
	late := &r.Phases[PhaseLate]
	all.Merge(late.Success) // of the same range: nothing is dropped
	all.Merge(late.Failure)
	return all
}

// LateUs returns a quantile of the lateness of all starts, in percent and in microseconds.
// It is 0 if none was measured.
func (r *Result) LateUs(percentile float64) int64 { return r.Late().ValueAtPercentile(percentile) }

func (r *Result) checkLoad() error {
	l := &r.Load
	switch {
	case l.Mode != "" && l.Mode != ModeClosed && l.Mode != ModeOpen:
		return fmt.Errorf("load mode %q: must be %s or %s", l.Mode, ModeClosed, ModeOpen)
	case r.Setup.Arrivals != "" && r.Setup.Arrivals != ArrivalsEven && r.Setup.Arrivals != ArrivalsPoisson:
		return fmt.Errorf("arrivals %q: must be %s or %s", r.Setup.Arrivals, ArrivalsEven, ArrivalsPoisson)
	case math.IsNaN(l.Offered) || l.Offered < 0 || math.IsInf(l.Offered, 0):
		return fmt.Errorf("offered rate %v: must be 0 or more", l.Offered)
	case l.LeftOut.Fail > l.LeftOut.Started:
		return fmt.Errorf("failures of the warm-up (%d) are more than its connections (%d)", l.LeftOut.Fail, l.LeftOut.Started)
	case l.Owed > l.Due:
		return fmt.Errorf("starts owed (%d) are more than starts due (%d)", l.Owed, l.Due)
	}
	return nil
}
