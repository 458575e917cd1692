package engine

import (
	"time"

	"wsperf/stats"
)

// shortageRest is how long a start waits that could not be made because the
// client lacked something: a port, a descriptor, memory. Long enough that the
// search for a free port, 0.2 ms with all in use, costs little; short enough that
// what has become free is soon used.
const shortageRest = 10 * time.Millisecond

// isShortage tells whether the client may have later what it lacks now.
func isShortage(c stats.Cause) bool {
	switch c {
	case stats.CausePortsExhausted, stats.CauseFDLimit, stats.CauseMemory, stats.CauseSource:
		return true
	}
	return false
}

// notConnected handles an attempt that failed at once.
func (l *loop) notConnected(s *slot, c stats.Cause, nowNs int64) {
	if !isShortage(c) || l.waitedEnough(s, nowNs) {
		l.fail(s, c)
		return
	}
	l.lacking(s, c, nowNs)
}

// waitedEnough bounds what a shortage may last for a start: one connect timeout
// since it was intended. Then its cause is the client's own.
func (l *loop) waitedEnough(s *slot, nowNs int64) bool {
	return nowNs-s.intendedNs >= int64(l.cfg.ConnectTimeout)
}

// lacking puts a start aside that the client could not make. Until it is tried
// again nothing else is started.
func (l *loop) lacking(s *slot, c stats.Cause, nowNs int64) {
	l.hangUp(s)
	l.leave(s)
	s.state, s.lacked = stateLacking, c
	l.shortages.arm(l.slots.all, s.index, nowNs)
	l.holdNs = nowNs + int64(shortageRest)
	l.shortageWaits++
}

// tryAgain is called when a start that lacked something has waited.
func (l *loop) tryAgain(s *slot) {
	nowNs := l.clock()
	if l.waitedEnough(s, nowNs) {
		l.fail(s, s.lacked)
		return
	}
	l.shortages.disarm(l.slots.all, s.index)
	s.state = stateStarting
	l.attempt(s, nowNs)
}
