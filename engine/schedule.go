package engine

import (
	"math"
	"math/rand/v2"
	"time"

	"wsperf/stats"
)

// curve is the offered load as a function of time: how many starts are due, on average,
// from the beginning of the run. The rate is linear in each stage, so the number of
// starts is a parabola, or a line where the rate is constant.
type curve []segment

// segment is a stage on the curve. Times are in seconds.
type segment struct {
	from    float64 // when the stage begins
	before  float64 // starts before it
	starts  float64 // starts in it; infinite if it has no end
	rate    float64 // at its beginning, in starts per second
	incline float64 // change of the rate per second
}

func newCurve(stages []stats.Stage) curve {
	var c curve
	var from, before float64
	for _, stage := range stages {
		s := segment{from: from, before: before, starts: math.Inf(1), rate: stage.From}
		if length := stage.Length().Seconds(); length > 0 {
			s.starts, s.incline = stage.Starts(), (stage.To-stage.From)/length
			from += length
		}
		before += s.starts
		c = append(c, s)
	}
	return c
}

// total returns the number of starts of all stages.
func (c curve) total() float64 {
	last := c[len(c)-1]
	return last.before + last.starts
}

// at returns when n starts are due on average, in nanoseconds from the beginning, or
// never. It is the inverse of the curve: the start after n others is due then.
func (c curve) at(n float64) (ns int64) {
	for _, s := range c {
		if n < s.before+s.starts {
			ns := (s.from + s.after(n-s.before)) * float64(time.Second)
			return int64(math.Round(min(ns, 1e18))) // 31 years
		}
	}
	return never
}

// after returns after how many seconds of the segment n of its starts are due: it solves
// n = rate t + incline t^2 / 2. This form of the solution loses no digits when incline is
// small, and needs no other one when it is 0.
func (s *segment) after(n float64) float64 {
	if n <= 0 {
		return 0
	}
	root := math.Sqrt(max(0, s.rate*s.rate+2*s.incline*n))
	return 2 * n / (s.rate + root)
}

// schedule is when the starts of one loop are due. It depends on nothing but the load and
// a source of random numbers.
type schedule struct {
	curve  curve
	stride float64    // between its starts on the curve
	due    float64    // position of the next start on the curve
	draws  *rand.Rand // of Poisson arrivals; nil: even ones
	dueNs  int64      // when the next start is due, or never
}

// newSchedule returns the schedule of a part. With even arrivals, the i-th of n parts takes
// every n-th start, so more loops and more processes make the same starts. With Poisson arrivals, each
// part has a stream of its own with the n-th part of the rate: together they are a Poisson
// process with the whole rate.
func newSchedule(ld *Load, random rand.Source) *schedule {
	s := &schedule{curve: newCurve(ld.schedule()), stride: ld.stride(), due: float64(ld.place.turn)}
	if ld.Arrivals == stats.ArrivalsPoisson {
		s.draws = rand.New(random)
		s.due = s.interval()
	}
	s.dueNs = s.curve.at(s.due)
	return s
}

// advance goes on to the next start.
func (s *schedule) advance() {
	s.due += s.interval()
	s.dueNs = s.curve.at(s.due)
}

// interval is the distance between two starts on the curve. That of a Poisson process is
// exponentially distributed.
func (s *schedule) interval() float64 {
	if s.draws == nil {
		return s.stride
	}
	return s.stride * s.draws.ExpFloat64()
}
