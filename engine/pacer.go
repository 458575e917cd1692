package engine

// unlimited is the number of connections of a run that ends by time.
const unlimited int64 = -1

// pacer decides when a loop may start a connection: a closed loop with two
// watermarks on the number in flight. It starts until the high one is reached,
// and starts again when the number has fallen below the low one. It has no
// clock and no socket.
type pacer struct {
	left      int64 // connections still to start, or unlimited
	low, high int   // this loop's share: 1 <= low <= high
	holding   bool  // true also before the first start, which counts as resumed
}

// pace is what the pacer says of a start now.
type pace uint8

const (
	paceHold     pace = iota // not now
	paceStart                // start one
	paceResume               // start one, the first after holding
	paceThrottle             // not now: the high watermark has just been reached
)

func newPacer(connections int64, low, high int) pacer {
	return pacer{left: connections, low: low, high: high, holding: true}
}

// next says what to do with that many in flight.
func (p *pacer) next(inFlight int) pace {
	switch {
	case p.left == 0:
		return paceHold
	case p.holding && inFlight >= p.low:
		return paceHold
	case p.holding:
		p.holding = false
		return paceResume
	case inFlight >= p.high:
		p.holding = true
		return paceThrottle
	}
	return paceStart
}

// started counts a connection.
func (p *pacer) started() {
	if p.left > 0 {
		p.left--
	}
}

// stop ends starting for good.
func (p *pacer) stop() { p.left = 0 }

// share returns the i-th of n parts of a total; the parts differ by 1 at most
// and add up to the total.
func share[T int | int64](total T, n, i int) T {
	part := total / T(n)
	if T(i) < total%T(n) {
		part++
	}
	return part
}
