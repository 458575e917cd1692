package engine

import "math/rand/v2"

// pacer decides when a loop may start a connection. It reads no clock and touches no
// socket.
//
// A closed loop has two watermarks on the number in flight. It starts until the high one is
// reached, and starts again when the number has fallen below the low one. An open loop has
// a schedule, whatever the number in flight. A start that cannot be made when it is due
// does not move: it is made late, as soon as it can be, and so are those behind it.
type pacer struct {
	left      int64     // connections to start after the warm-up, or unlimited
	low, high int       // of a closed loop, this loop's share: 1 <= low <= high
	schedule  *schedule // of an open loop; nil: a closed loop
	slots     int       // most connections open at once
	warmup    warmup
	warming   bool  // the last start belongs to the warm-up
	lengthNs  int64 // of the time after the warm-up in which connections are started, or never
	endNs     int64 // no start from then on, or never, also while it is not known when the warm-up ends
	restNs    int64 // no start before, after a shortage
	holding   bool  // also before the first start, which counts as resumed
	full      bool  // a start is waiting for a slot
	stoppedNs int64 // when stop was called, and
	leftAtEnd int64 // what was left then
}

// unlimited is the number of connections of a run that ends by time.
const unlimited int64 = -1

// never is a stamp that no run reaches: 292 years.
const never = int64(1<<63 - 1)

// pace is what the pacer says to a start now.
type pace uint8

const (
	paceHold     pace = iota // not now
	paceThrottle             // not now: the high watermark has just been reached
	paceFull                 // not now: a start has just begun to wait for a slot
	paceStart                // start one
	paceResume               // start one, the first after holding
)

// starts reports whether a connection is to be started now.
func (say pace) starts() bool { return say >= paceStart }

// newPacer makes the pacer of a loop with that share of the load. Poisson arrivals take
// random numbers.
func newPacer(ld Load, slots int, random rand.Source) pacer {
	p := pacer{
		left: ld.Connections, low: ld.Low, high: ld.High, slots: slots, holding: true,
		warmup: newWarmup(&ld), endNs: never, lengthNs: never,
	}
	if ld.Connections == 0 {
		p.left, p.lengthNs = unlimited, int64(ld.Duration)
	}
	if ld.WarmupConnections == 0 {
		p.measureFrom(int64(ld.Warmup))
	}
	if ld.open() {
		p.schedule = newSchedule(&ld, random)
	}
	return p
}

// measureFrom says when the measured window begins.
func (p *pacer) measureFrom(ns int64) {
	if p.lengthNs < never-ns {
		p.endNs = ns + p.lengthNs
	}
}

// next says what to do now, with that many connections in flight and open. atNs of
// a start is when it was meant to happen; it is counted. atNs of a hold is when to
// ask again, unless a connection ends before.
func (p *pacer) next(nowNs int64, inFlight, open int) (say pace, atNs int64) {
	if nowNs >= p.endNs {
		p.stop(p.endNs)
	}
	switch {
	case p.left == 0:
		return paceHold, never
	case nowNs < p.restNs:
		return paceHold, min(p.restNs, p.endNs)
	case p.schedule != nil && nowNs < p.schedule.dueNs:
		return paceHold, min(p.schedule.dueNs, p.endNs)
	case open >= p.slots:
		return p.outOfSlots(), p.endNs
	}
	p.full = false
	if p.schedule != nil {
		return paceStart, p.startDue()
	}
	say = p.byWatermarks(inFlight)
	if !say.starts() {
		return say, p.endNs
	}
	p.started(nowNs)
	return say, nowNs
}

// startDue counts the start that is due, and returns when it was.
func (p *pacer) startDue() (atNs int64) {
	atNs = p.schedule.dueNs
	p.schedule.advance()
	p.started(atNs)
	return atNs
}

func (p *pacer) started(atNs int64) {
	p.warming = p.warmup.has(atNs)
	if !p.warming && p.left > 0 {
		p.left--
	}
}

// owed returns how many starts of the schedule were due after the warm-up, when starting
// ended, and were not made. It must be called once, after the run.
func (p *pacer) owed() (n uint64) {
	if p.schedule == nil {
		return 0
	}
	for left := p.leftAtEnd; p.schedule.dueNs < p.stoppedNs && left != 0; p.schedule.advance() {
		if !p.warmup.has(p.schedule.dueNs) {
			n++
			left--
		}
	}
	return n
}

func (p *pacer) outOfSlots() pace {
	if p.full {
		return paceHold
	}
	p.full = true
	return paceFull
}

func (p *pacer) byWatermarks(inFlight int) pace {
	switch {
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

// rest holds all starts until then.
func (p *pacer) rest(untilNs int64) { p.restNs = untilNs }

// stop ends starting for good, at nowNs.
func (p *pacer) stop(nowNs int64) {
	p.leftAtEnd, p.stoppedNs = p.left, nowNs
	p.left, p.endNs = 0, never
}

// done reports whether nothing will be started any more.
func (p *pacer) done() bool { return p.left == 0 }
