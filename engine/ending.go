package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// This file is how every connection ends: as a success once both handshakes are
// complete, however TCP ends after that, or else by one cause of failure.

// finishing handles an event of a connection whose closing handshake is complete.
func (l *loop) finishing(s *slot) {
	if errno := l.flush(s); errno != 0 { // of our close frame, if the testee's came first
		l.finCut(s, errno)
		return
	}
	l.finish(s, l.clock())
}

// finish ends a connection whose closing handshake is complete if the testee has
// ended it.
func (l *loop) finish(s *slot, nowNs int64) {
	switch ended, errno := l.ended(s); {
	case errno != 0:
		l.finCut(s, errno)
	case ended:
		l.finReceived(s, nowNs)
	}
}

// finReceived ends a connection as RFC 6455 section 7.1.1 would have it.
func (l *loop) finReceived(s *slot, nowNs int64) {
	s.ended(stats.PhaseFin, nowNs)
	l.recordSuccess(s, stats.FinReceived, nowNs)
	if !l.keepSocket(s) {
		l.closeFD(s)
	}
	l.release(s)
}

// finCut ends a connection by the errno that came instead of the testee's FIN: an RST, or
// the kernel has given up, which counts as a timeout.
func (l *loop) finCut(s *slot, errno unix.Errno) {
	switch errno {
	case unix.ECONNRESET, unix.EPIPE:
		l.succeed(s, stats.FinReset)
	default:
		l.finTimedOut(s)
	}
}

// finTimedOut ends a connection that the testee has left open, by an RST: an orderly
// close would leave the port in TIME_WAIT on our side, and use up the ports.
func (l *loop) finTimedOut(s *slot) {
	setAbortive(s.fd)
	l.succeed(s, stats.FinTimeout)
}

// succeed ends a connection with both handshakes complete, now.
func (l *loop) succeed(s *slot, how stats.Fin) {
	l.recordSuccess(s, how, l.clock())
	l.closeFD(s)
	l.release(s)
}

func (l *loop) recordSuccess(s *slot, how stats.Fin, nowNs int64) {
	s.span(stats.PhaseTotal, nowNs)
	rec := l.recorder(s)
	rec.Fin(how)
	rec.Success(l.measured(s))
}

// failure is why a connection is to be ended by its loop. Without a cause it goes on.
type failure struct {
	cause stats.Cause
	errno uint16 // that the cause comes from; 0: none
	reply []byte // what the testee said that is wrong; nil: nothing
}

// failed is a failure that an errno tells of. Without a cause the connection goes on: not
// every errno is a failure.
func failed(cause stats.Cause, errno unix.Errno) failure {
	return failure{cause: cause, errno: uint16(errno)} // at most 4095 (MAX_ERRNO, include/linux/err.h)
}

// fail ends a connection that failed, by an RST. The sample of its reply is what was
// wrong, or what has come of a response that is not whole.
func (l *loop) fail(s *slot, f failure) {
	s.span(stats.PhaseTotal, l.clock())
	if f.reply == nil {
		f.reply = l.incoming(s)
	}
	rec := l.recorder(s)
	rec.Reply(f.cause, f.reply)
	rec.Fail(l.measured(s), f.cause)
	rec.Errno(f.cause, int(f.errno))
	if s.fd != noFD {
		setAbortive(s.fd)
	}
	l.closeFD(s)
	l.release(s)
}

// timedOut handles a slot whose time in the queue is over.
func (l *loop) timedOut(q queue, s *slot) {
	switch q {
	case queueRetry:
		l.retry(s)
	case queueFin:
		l.finTimedOut(s)
	case queueNotify:
		l.notifyLate(s)
	default:
		l.fail(s, failure{cause: s.traits().late})
	}
}

// giveUp ends every connection that is left after an interrupt.
func (l *loop) giveUp() {
	for i := range l.slots.used {
		switch s := &l.slots.all[i]; s.state {
		case stateFree:
		case stateFinishing, stateNotified:
			l.finTimedOut(s)
		default:
			l.fail(s, failure{cause: stats.CauseInterrupted})
		}
	}
}

// release frees everything that the slot of an ended connection holds, but for a
// socket that is kept.
func (l *loop) release(s *slot) {
	l.drop(s)
	l.leaveWire(s)
	l.leaveSource(s)
	l.enter(s, stateFree, 0)
	l.slots.release(s)
}

// closeFD closes the slot's socket, if it has one. Events that still carry its
// generation are stale.
func (l *loop) closeFD(s *slot) {
	if s.fd != noFD {
		closeSocket(s.fd)
		s.fd = noFD
		s.generation++
	}
}
