package engine

import (
	"time"

	"wsperf/stats"
)

// shortageRest is how long starts rest when the client was short of something: a
// port, a descriptor, memory. It is long enough that the search for a free port, 0.2
// ms with all in use, costs little, and short enough that a port that has become
// free is soon used.
const shortageRest = 10 * time.Millisecond

// isShortage reports whether the client may soon have what it is short of now.
func isShortage(c stats.Cause) bool {
	switch c {
	case stats.CausePortsExhausted, stats.CauseFDLimit, stats.CauseMemory, stats.CauseSource:
		return true
	}
	return false
}

// waitedEnough bounds how long a shortage may defer a start: one connect timeout
// from when it was meant to begin. After that the client's own cause is charged.
func (l *loop) waitedEnough(s *slot, nowNs int64) bool {
	return nowNs-s.intendedNs >= int64(l.cfg.ConnectTimeout)
}

// deferStart puts a start aside that met a shortage, and rests all starts until it is
// tried again: what one lacks, the next would lack too.
func (l *loop) deferStart(s *slot, shortage stats.Cause, nowNs int64) {
	l.closeFD(s)
	l.leaveSource(s)
	l.enter(s, stateDeferred, nowNs)
	s.shortage = shortage
	l.pacer.rest(nowNs + int64(shortageRest))
	l.shortageWaits++
}

// retry makes another attempt for a deferred start.
func (l *loop) retry(s *slot) {
	nowNs := l.clock()
	if l.waitedEnough(s, nowNs) {
		l.fail(s, failure{cause: s.shortage})
		return
	}
	l.enter(s, stateStarting, nowNs)
	l.attempt(s, nowNs)
}
