package engine

import (
	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// maxOutbox is the longest that we write after the opening handshake: a pong
// and a close frame, each with a masked header of 6 bytes.
const maxOutbox = 6 + ws.MaxControlFramePayloadSize + 6 + 2

// opened ends phase open and sends the close frame. Frames that came with the
// response are looked at first: a ping among them is answered, and a close
// frame is replied to with its own code (RFC 6455 section 5.5.1).
func (l *loop) opened(s *slot, rest []byte) {
	nowNs := l.clock()
	s.ended(stats.PhaseOpen, nowNs)
	s.state = stateClosing
	l.inFlight--
	l.opens.disarm(l.slots.all, s.index)
	l.closes.arm(l.slots.all, s.index, nowNs)
	s.frames.Reset()

	closed, err := l.answerFrames(s, rest)
	if err != nil {
		l.failAfter(s, frameCause(err), rest)
		return
	}
	l.outbox = handshake.AppendClose(l.outbox, l.closeCode(s, closed), l.random4())
	l.drop(s)
	if !l.writeFrames(s) {
		return
	}
	if closed {
		l.closeReceived(s)
	}
}

// closeCode is the code that our close frame carries: the testee's own when it
// closes first, as far as that may be sent.
func (l *loop) closeCode(s *slot, closedFirst bool) ws.StatusCode {
	if closedFirst && handshake.CheckCloseCode(s.frames.Code()) == nil {
		return s.frames.Code()
	}
	return l.cfg.CloseCode
}

// answerFrames goes through the frames that came with the response, up to a
// close frame. A ping is answered into the outbox: the latest one, as RFC 6455
// section 5.5.3 allows, so that the outbox is bounded.
func (l *loop) answerFrames(s *slot, b []byte) (closed bool, err error) {
	l.outbox = l.outbox[:0]
	for len(b) > 0 {
		n, event, err := s.frames.Feed(b)
		if err != nil {
			return false, err
		}
		b = b[n:]
		switch event {
		case handshake.FrameClose:
			return true, nil
		case handshake.FramePing:
			l.outbox = handshake.AppendPong(l.outbox[:0], s.frames.Payload(), l.random4())
		}
	}
	return false, nil
}

// writeFrames sends the outbox; what the socket does not take waits in the
// slot's buffer. False when the connection failed.
func (l *loop) writeFrames(s *slot) bool {
	n, errno := sendSocket(s.fd, l.outbox)
	switch {
	case errno == unix.EAGAIN:
		n = 0
	case errno != 0:
		l.broken(s, errno)
		return false
	case n == len(l.outbox):
		return true
	}
	s.sent = 0
	l.hold(s, l.outbox[n:])
	return l.awaitWritable(s)
}

// framesReceived looks at what came after our close frame, which is the last
// that we send: pings are skipped as data frames are.
func (l *loop) framesReceived(s *slot, b []byte) {
	for rest := b; len(rest) > 0; {
		n, event, err := s.frames.Feed(rest)
		if err != nil {
			l.failAfter(s, frameCause(err), b)
			return
		}
		if event == handshake.FrameClose {
			l.closeReceived(s)
			return
		}
		rest = rest[n:]
	}
}

// closeReceived ends phase close: the closing handshake is complete, and the
// testee is to close the TCP connection (RFC 6455 section 7.1.1).
func (l *loop) closeReceived(s *slot) {
	s.ended(stats.PhaseClose, l.clock())
	s.state = stateFinishing
}

// awaitFIN gives the testee a close timeout for its FIN, which did not come
// together with the close frame.
func (l *loop) awaitFIN(s *slot) {
	l.closes.disarm(l.slots.all, s.index)
	l.closes.arm(l.slots.all, s.index, s.phaseNs)
}

// finishing handles an event of a connection whose closing handshake is
// complete. EPOLLRDHUP says what a read would: that the FIN is there.
func (l *loop) finishing(s *slot, flags uint32) {
	if flags&flagWritable != 0 && !l.writable(s) { // our close frame, when the testee's was first
		return
	}
	switch {
	case flags&unix.EPOLLERR != 0:
		l.finReset(s)
	case flags&flagFIN != 0:
		l.finReceived(s, l.clock())
	}
}

// peerClosed handles the testee's FIN behind what was just read. One that came
// together with the close frame came when that did: phase fin took no time.
func (l *loop) peerClosed(s *slot) {
	switch s.state {
	case stateOpening:
		l.fail(s, stats.CauseOpenEOF)
	case stateClosing:
		l.fail(s, stats.CauseCloseEOF)
	case stateFinishing:
		l.finReceived(s, s.phaseNs)
	}
}

// finReceived ends a connection as RFC 6455 section 7.1.1 would have it.
func (l *loop) finReceived(s *slot, nowNs int64) {
	s.ended(stats.PhaseFin, nowNs)
	l.rec.Fin(stats.FinReceived)
	l.recordSuccess(s, nowNs)
	if !l.renew(s) {
		l.hangUp(s)
	}
	l.release(s)
}

// broken handles an error of an established connection.
func (l *loop) broken(s *slot, errno unix.Errno) {
	switch s.state {
	case stateOpening:
		l.fail(s, brokenCause(errno, stats.CauseOpenTimeout, stats.CauseOpenReset))
	case stateClosing:
		l.fail(s, brokenCause(errno, stats.CauseCloseTimeout, stats.CauseCloseReset))
	case stateFinishing:
		l.finReset(s)
	}
}

// finReset ends a connection whose testee sent an RST instead of the FIN.
func (l *loop) finReset(s *slot) {
	l.rec.Fin(stats.FinReset)
	l.succeed(s, l.clock())
}

// finTimedOut ends a connection that the testee has left open. An RST: were
// wsperf to close first in the ordinary way, it would keep the port in
// TIME_WAIT, and run out of ports.
func (l *loop) finTimedOut(s *slot) {
	l.rec.Fin(stats.FinTimeout)
	setAbortive(s.fd)
	l.succeed(s, l.clock())
}

// succeed ends a connection with both handshakes complete.
func (l *loop) succeed(s *slot, nowNs int64) {
	l.recordSuccess(s, nowNs)
	l.hangUp(s)
	l.release(s)
}

func (l *loop) recordSuccess(s *slot, nowNs int64) {
	l.total(s, nowNs)
	l.rec.Success(&s.sample)
}

// fail records a connection that did not come to its end, and aborts it. What
// has come of a response is what its testee said.
func (l *loop) fail(s *slot, cause stats.Cause) {
	var said []byte
	if s.state == stateOpening && s.buffer != noBuffer {
		said = l.buffers.bytes(s.buffer)[:s.held]
	}
	l.failAfter(s, cause, said)
}

// failAfter is fail, and tells what the testee said last.
func (l *loop) failAfter(s *slot, cause stats.Cause, said []byte) {
	l.total(s, l.clock())
	if len(said) > 0 {
		l.rec.Reply(cause, said)
	}
	l.rec.Fail(&s.sample, cause)
	if s.fd != noFD {
		setAbortive(s.fd)
	}
	l.hangUp(s)
	l.release(s)
}

func (l *loop) total(s *slot, nowNs int64) {
	s.sample.Ns[stats.PhaseTotal] = nowNs - s.intendedNs
	s.sample.Reached = s.sample.Reached.With(stats.PhaseTotal)
}

// release frees everything that the slot of an ended connection holds.
func (l *loop) release(s *slot) {
	if s.inFlight() {
		l.inFlight--
	}
	l.leave(s)
	l.drop(s)
	l.slots.release(s)
}

// hangUp closes the connection's socket, if it has one. Events that still carry
// its generation are stale.
func (l *loop) hangUp(s *slot) {
	if s.fd != noFD {
		closeSocket(s.fd)
		s.fd = noFD
		s.generation++
	}
}

// leave takes the connection out of its timeout, and gives its source and port back.
func (l *loop) leave(s *slot) {
	if t := l.timeoutsOf(s.state); t != nil {
		t.disarm(l.slots.all, s.index)
	}
	if s.source == noSource {
		return
	}
	from := &l.sources.all[s.source]
	from.open--
	if s.port != 0 {
		from.ports.give(s.port)
		s.port = 0
	}
	s.source = noSource
}

// timeoutsOf is the queue that a slot in that state is in; nil: in none.
func (l *loop) timeoutsOf(st state) *timeouts {
	switch st {
	case stateStarting:
		return nil
	case stateLacking:
		return &l.shortages
	case stateConnecting:
		return &l.connects
	case stateOpening:
		return &l.opens
	}
	return &l.closes
}
