package engine

import (
	"time"

	"wsperf/stats"
)

// shortageRest is how long starts rest after the client was short of something: a port,
// a descriptor, memory, a source address. It is long compared with the search for a free
// port, which takes 0.2 ms (crowdPart), and short enough that a port that becomes free is
// soon used.
const shortageRest = 10 * time.Millisecond

// isShortage reports whether a cause is a shortage of the client's, which may soon be
// over.
func isShortage(c stats.Cause) bool {
	switch c {
	case stats.CausePortsExhausted, stats.CauseFDLimit, stats.CauseMemory, stats.CauseSource:
		return true
	}
	return false
}

// waitedEnough reports whether a shortage has deferred a start for as long as it may:
// one connect timeout from its intended start. After that the start fails with the cause
// of the shortage.
func (l *loop) waitedEnough(s *slot, nowNs int64) bool {
	return nowNs-s.intendedNs >= int64(l.cfg.ConnectTimeout)
}

// deferStart puts a start aside that met a shortage. All starts rest until it is tried
// again, because they would meet the same shortage.
func (l *loop) deferStart(s *slot, nowNs int64) {
	l.closeFD(s)
	l.leaveSource(s)
	l.enter(s, stateDeferred, nowNs)
	l.pacer.rest(nowNs + int64(shortageRest))
	l.shortageWaits++
}

// retry makes another attempt for a deferred start. It is made even if the start has waited
// enough, because a stall of the loop may have used up the time.
func (l *loop) retry(s *slot) {
	nowNs := l.clock()
	l.enter(s, stateStarting, nowNs)
	l.attempt(s, nowNs)
}

// endDeferred ends all deferred starts when the run is interrupted.
func (l *loop) endDeferred() {
	for q := &l.queues[queueRetry]; q.first != noSlot; {
		l.fail(&l.slots.all[q.first], failure{cause: stats.CauseInterrupted})
	}
}
