package engine

import (
	"errors"
	"fmt"
	"math"
	"time"

	"wsperf/stats"
)

// Load is how many connections are started, and when. A closed loop has two watermarks on
// the number in flight. An open loop has stages, and starts by the clock. Either ends by a
// number of connections or by time.
type Load struct {
	Connections int64         // to start, 1 or more; 0: until Duration is over
	Duration    time.Duration // if Connections is 0: for how long connections are started

	// Before that, connections are started in the same way and not measured: for a time, or a
	// number of them. An open loop does so at the rate with which it begins.
	Warmup            time.Duration
	WarmupConnections int64

	Low, High int // of a closed loop: watermarks of the connections in flight, per process: 1 <= Low <= High

	Stages   []stats.Stage  // of an open loop, in turn, 1 to stats.MaxStages; empty: a closed loop
	Arrivals stats.Arrivals // of an open loop

	place place // among the parts of the whole load; zero: it is the whole
}

// place is where the starts of a part of an open loop are among those of the whole: at turn, and at
// each stride after it.
type place struct {
	stride, turn int   // 0 <= turn < stride, or both 0: the whole
	warmup       int64 // the whole's WarmupConnections
}

// part returns the place of the i-th of n parts of what is at p.
func (p place) part(n, i int) place {
	p.stride = max(1, p.stride)
	return place{p.stride * n, p.turn + i*p.stride, p.warmup}
}

// open reports whether the load is an open loop.
func (ld *Load) open() bool { return len(ld.Stages) > 0 }

func (ld *Load) check() error {
	switch {
	case ld.Connections < 0:
		return fmt.Errorf("connections %d: must be 1 or more", ld.Connections)
	case ld.Connections == 0 && ld.Duration <= 0:
		return fmt.Errorf("a number of connections or a duration is needed, above 0")
	case ld.Connections > 0 && ld.Duration != 0:
		return fmt.Errorf("a number of connections and a duration cannot be given together")
	}
	if err := ld.checkWarmup(); err != nil {
		return err
	}
	if ld.open() {
		return ld.checkStages()
	}
	return ld.checkWatermarks()
}

func (ld *Load) checkWarmup() error {
	switch {
	case ld.Warmup < 0:
		return fmt.Errorf("warm-up %v: must be above 0", ld.Warmup)
	case ld.WarmupConnections < 0:
		return fmt.Errorf("warm-up of %d connections: must be 1 or more", ld.WarmupConnections)
	case ld.Warmup > 0 && ld.WarmupConnections > 0:
		return errors.New("a time and a number of connections for the warm-up cannot be given together")
	case ld.warms() && ld.open() && ld.Stages[0].From == 0:
		return errors.New("the warm-up has the rate with which the first stage begins: it must be above 0")
	}
	return nil
}

func (ld *Load) checkWatermarks() error {
	switch {
	case ld.Low < 1:
		return fmt.Errorf("low watermark %d: must be 1 or more", ld.Low)
	case ld.High < 1:
		return fmt.Errorf("high watermark %d: must be 1 or more", ld.High)
	case ld.Low > ld.High:
		return fmt.Errorf("low watermark %d is above the high watermark %d: must be at most that", ld.Low, ld.High)
	}
	return nil
}

// checkStages lets the last stage alone be without end, and only if the number of
// connections is given.
func (ld *Load) checkStages() error {
	if n := len(ld.Stages); n > stats.MaxStages {
		return fmt.Errorf("stages %d: must be at most %d", n, stats.MaxStages)
	}
	if ld.Low != 0 || ld.High != 0 {
		return errors.New("watermarks and stages cannot be given together")
	}
	if ld.Arrivals != stats.ArrivalsEven && ld.Arrivals != stats.ArrivalsPoisson {
		return fmt.Errorf("arrivals %q: must be %s or %s", ld.Arrivals, stats.ArrivalsEven, stats.ArrivalsPoisson)
	}
	var starts float64
	for i, s := range ld.Stages {
		endless := s.LengthUs == 0 && ld.Connections > 0 && i == len(ld.Stages)-1
		switch {
		case !validRate(s.From) || !validRate(s.To):
			return fmt.Errorf("stage %d: rate %v to %v: must be 0 to %.0f starts per second", i+1, s.From, s.To, stats.MaxRate)
		case s.LengthUs <= 0 && !endless:
			return fmt.Errorf("stage %d: its length must be above 0", i+1)
		}
		starts += s.From + s.To
	}
	if starts == 0 {
		return errors.New("the rate is 0 in all stages: it must be above 0 in one")
	}
	return nil
}

func validRate(r float64) bool { return r >= 0 && r <= stats.MaxRate } // nor NaN

// Part returns the i-th of n parts of the load, 0 <= i < n: that of a process or of a loop. Numbers of
// connections, watermarks and starts of all parts add up to those of the whole. An open loop keeps the
// stages of the whole, and takes every n-th of its starts. A part can be divided again. After a warm-up by time
// it is not known whose turn is next, and up to n-1 of the last starts are not those that the whole would make.
func (ld Load) Part(n, i int) Load {
	if ld.place.stride == 0 {
		ld.place.warmup = ld.WarmupConnections
	}
	ld.place = ld.place.part(n, i)
	// The first measured connection follows the last one of the warm-up, which need not be the last part's.
	next := (i + n - int(ld.WarmupConnections%int64(n))) % n
	ld.Connections, ld.WarmupConnections = share(ld.Connections, n, next), share(ld.WarmupConnections, n, i)
	ld.Low, ld.High = share(ld.Low, n, i), share(ld.High, n, i)
	return ld
}

// stride is how many parts like this one make the whole load.
func (ld *Load) stride() float64 { return float64(max(1, ld.place.stride)) }

// most returns how many connections the load starts, with those of the warm-up.
func (ld *Load) most() int64 {
	if ld.Connections == 0 || ld.Warmup > 0 || ld.WarmupConnections > math.MaxInt64-ld.Connections {
		return math.MaxInt64
	}
	return ld.Connections + ld.WarmupConnections
}

// offered returns the mean rate of an open loop in starts per second: over its stages, or
// over the time that its connections take.
func (ld *Load) offered() float64 {
	c := newCurve(ld.Stages)
	if ld.Connections > 0 {
		starts := float64(ld.Connections)
		return starts / time.Duration(c.at(starts*ld.stride())).Seconds()
	}
	return c.total() / ld.stride() / ld.Duration.Seconds()
}

// share returns the i-th of n parts of a total. The parts differ by 1 at most and
// add up to the total.
func share[T int | int64](total T, n, i int) T {
	part := total / T(n)
	if T(i) < total%T(n) {
		part++
	}
	return part
}
