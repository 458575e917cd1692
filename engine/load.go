package engine

import (
	"fmt"
	"time"
)

// Load is how many connections are started, and when: a closed loop with two
// watermarks on the number in flight, ended by a number of connections or by time.
type Load struct {
	Connections int64         // to start, 1 or more; 0: until Duration is over
	Duration    time.Duration // if Connections is 0: for how long connections are started

	Low, High int // watermarks of the connections in flight, per process: 1 <= Low <= High
}

func (ld *Load) check() error {
	switch {
	case ld.Connections < 0:
		return fmt.Errorf("connections %d: must be 1 or more", ld.Connections)
	case ld.Connections == 0 && ld.Duration <= 0:
		return fmt.Errorf("a number of connections or a duration is needed, above 0")
	case ld.Connections > 0 && ld.Duration != 0:
		return fmt.Errorf("a number of connections and a duration cannot be given together")
	case ld.Low < 1:
		return fmt.Errorf("low watermark %d: must be 1 or more", ld.Low)
	case ld.High < 1:
		return fmt.Errorf("high watermark %d: must be 1 or more", ld.High)
	case ld.Low > ld.High:
		return fmt.Errorf("low watermark %d is above the high watermark %d: must be at most that", ld.Low, ld.High)
	}
	return nil
}

// part returns the i-th of n parts of the load. Numbers of connections and
// watermarks of all parts add up to those of the whole.
func (ld Load) part(n, i int) Load {
	ld.Connections = share(ld.Connections, n, i)
	ld.Low, ld.High = share(ld.Low, n, i), share(ld.High, n, i)
	return ld
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
