package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// leastSegment is the least that a TCP segment can be relied on to carry, in
// bytes (RFC 9293 section 3.7.1). Nagle's algorithm holds a small segment back
// while an earlier one is not acknowledged (RFC 9293 section 3.7.4): a request
// of one segment follows none, and our close frame follows a response, which
// acknowledges the request. So only a longer request needs TCP_NODELAY.
const leastSegment = 536

// start begins a connection: its stamps are taken before the first system call.
func (l *loop) start() {
	s := l.slots.take()
	s.intendedNs = l.clock()
	s.state = stateStarting
	l.inFlight++
	l.rec.Start()
	l.attempt(s, s.intendedNs)
}

// attempt makes the socket and begins the TCP handshake; it is called again for
// a start that lacked something.
func (l *loop) attempt(s *slot, nowNs int64) {
	s.phaseNs = nowNs
	kept := s.fd != noFD
	if cause := l.dial(s, nowNs); cause != stats.CauseNone {
		l.notConnected(s, cause, nowNs)
		return
	}
	l.prepareRequest(s)
	if l.earlyMisses < maxEarlyMisses && !l.writeEarly(s) {
		return
	}
	if s.state == stateStarting {
		s.state = stateConnecting
		l.connects.arm(l.slots.all, s.index, nowNs)
	}
	switch {
	case !kept:
		l.register(s)
	case l.requestUnsent(s):
		l.awaitWritable(s)
	}
}

// dial begins the TCP handshake from the first source that has a free port.
func (l *loop) dial(s *slot, nowNs int64) stats.Cause {
	if errno := l.provideSocket(s); errno != 0 {
		return socketCause(errno)
	}
	for {
		i := l.sources.next(nowNs)
		if i == noSource {
			return l.sources.lacked
		}
		switch cause := l.dialFrom(s, &l.sources.all[i]); cause {
		case stats.CauseNone:
			s.source = i
			l.sources.all[i].open++
			return cause
		case stats.CausePortsExhausted, stats.CauseSource:
			l.sources.rest(i, nowNs+int64(shortageRest), cause)
		default:
			return cause
		}
	}
}

// provideSocket opens a socket unless one was kept.
func (l *loop) provideSocket(s *slot) unix.Errno {
	if s.fd != noFD {
		return 0
	}
	fd, errno := openSocket(l.to.family)
	if errno != 0 {
		return errno
	}
	s.fd = fd
	if l.request.Len() > leastSegment {
		setNoDelay(fd) // refused: the connection is no worse for it
	}
	return 0
}

// dialFrom begins the TCP handshake, from a port of our choice when there is a crowd.
func (l *loop) dialFrom(s *slot, from *source) stats.Cause {
	if from.address != nil {
		if errno := bindSocket(s.fd, from.address); errno != 0 {
			return sourceCause(errno)
		}
	}
	if from.open >= from.ports.crowd && l.connectFromChosenPort(s, &from.ports) {
		return stats.CauseNone
	}
	if errno := connectSocket(s.fd, l.to); errno != 0 && errno != unix.EINPROGRESS {
		return connectCause(errno)
	}
	return stats.CauseNone
}

// connectFromChosenPort returns false when the choice is to be the kernel's
// after all.
func (l *loop) connectFromChosenPort(s *slot, p *ports) bool {
	for range maxPortTries {
		port := p.take()
		if port == 0 {
			break
		}
		if setLocalPort(s.fd, port) != 0 {
			p.give(port)
			p.forgo()
			return false
		}
		errno := connectSocket(s.fd, l.to)
		if errno == 0 || errno == unix.EINPROGRESS {
			s.port = port
			return true
		}
		p.give(port)
		if errno != unix.EADDRNOTAVAIL { // not that the port is in use: another one is no better
			break
		}
	}
	setLocalPort(s.fd, 0)
	return false
}

// register has epoll report on the connection from now on; what is true
// already is reported too (epoll_ctl(2), EPOLL_CTL_ADD). A socket that is
// writable is reported once for nothing when nothing is left to write: so that
// is not asked for then.
func (l *loop) register(s *slot) {
	interest := uint32(interestRead)
	if l.requestUnsent(s) {
		interest = interestBoth
	}
	event := s.event(interest)
	if errno := l.poller.control(unix.EPOLL_CTL_ADD, s.fd, &event); errno != 0 {
		l.fail(s, socketCause(errno))
	}
}

// requestUnsent reports whether something of the request is left to write.
func (l *loop) requestUnsent(s *slot) bool {
	return s.state == stateConnecting || int(s.sent) < l.request.Len()
}

// awaitWritable has epoll report that a registered socket takes bytes again;
// false when the connection failed. Were the socket kept for another connection,
// that one would be reported once for nothing.
func (l *loop) awaitWritable(s *slot) bool {
	event := s.event(interestBoth)
	if errno := l.poller.control(unix.EPOLL_CTL_MOD, s.fd, &event); errno != 0 {
		l.fail(s, socketCause(errno))
		return false
	}
	return true
}

// prepareRequest draws the connection's key: a nonce, selected randomly for
// each connection (RFC 6455 section 4.1).
func (l *loop) prepareRequest(s *slot) {
	nonce := l.random16()
	s.key.Set(&nonce)
	s.parser.Reset()
	s.sent = 0
}

// writeEarly tries the request before epoll has said that the connection is
// established. On loopback it is: the three segments of the TCP handshake went
// back and forth within connect(2), and a write that succeeds proves it. False
// when the connection failed.
func (l *loop) writeEarly(s *slot) bool {
	nowNs := l.clock()
	n, errno := sendSocket(s.fd, l.request.WithKey(&s.key))
	switch errno {
	case 0:
		l.earlyMisses = 0
		l.connected(s, nowNs)
		s.sent = int32(n)
	case unix.EAGAIN: // not established yet: epoll will tell
		l.earlyMisses++
	default:
		l.fail(s, connectCause(errno))
		return false
	}
	return true
}

// connectReported handles the first event of a connection that epoll has to
// tell of: established, or failed (connect(2), EINPROGRESS).
func (l *loop) connectReported(s *slot, flags uint32) {
	if flags&flagBroken != 0 {
		if errno := socketError(s.fd); errno != 0 {
			l.fail(s, connectCause(errno))
			return
		}
	}
	if flags&(flagWritable|flagReadable) == 0 {
		return
	}
	l.connects.disarm(l.slots.all, s.index)
	l.connected(s, l.clock())
	l.established(s, flags|flagWritable)
}

// connected ends phase connect and begins phase open.
func (l *loop) connected(s *slot, nowNs int64) {
	s.ended(stats.PhaseConnect, nowNs)
	s.state = stateOpening
	l.opens.arm(l.slots.all, s.index, nowNs)
}

// established handles an event of a connection whose handshakes are under way.
func (l *loop) established(s *slot, flags uint32) {
	if flags&flagWritable != 0 && !l.writable(s) {
		return
	}
	if flags&flagReadable != 0 && s.state != stateFree {
		l.readable(s, flags)
	}
}

// writable writes what is left of the request, or of our last frames; false
// when the connection failed.
func (l *loop) writable(s *slot) bool {
	switch {
	case s.state == stateOpening && int(s.sent) < l.request.Len():
		return l.writeRest(s, l.request.WithKey(&s.key))
	case s.state != stateOpening && s.buffer != noBuffer:
		return l.writeRest(s, l.buffers.bytes(s.buffer)[:s.held])
	}
	return true
}

func (l *loop) writeRest(s *slot, b []byte) bool {
	if int(s.sent) == len(b) {
		return true
	}
	n, errno := sendSocket(s.fd, b[s.sent:])
	switch errno {
	case 0:
		s.sent += int32(n)
	case unix.EAGAIN: // the socket's buffer is full: EPOLLOUT will tell
	default:
		l.broken(s, errno)
		return false
	}
	return true
}

// readable reads until the socket is empty, which edge-triggered epoll asks for.
// A read that fills less than its buffer has emptied it (epoll(7)), and when
// the FIN was reported with the event, it is all that there will ever be.
func (l *loop) readable(s *slot, flags uint32) {
	for {
		b := l.space(s)
		n, errno := receiveSocket(s.fd, b)
		switch {
		case errno == unix.EAGAIN: // empty: EPOLLIN will tell
			return
		case errno != 0:
			l.broken(s, errno)
			return
		case n == 0:
			l.peerClosed(s)
			return
		}
		l.received(s, n)
		switch {
		case s.state == stateFree:
			return
		case flags&flagBroken != 0: // what comes next says how it ended
		case n < len(b) || s.state == stateFinishing: // nothing more, or nothing that counts
			l.emptied(s, flags)
			return
		}
	}
}

// emptied is called when there is nothing more to read for now.
func (l *loop) emptied(s *slot, flags uint32) {
	switch {
	case flags&flagFIN != 0:
		l.peerClosed(s)
	case s.state == stateFinishing:
		l.awaitFIN(s)
	}
}

// space is where to read: behind what the slot holds of its response, or the
// loop's inbox when it holds nothing.
func (l *loop) space(s *slot) []byte {
	if s.state == stateOpening && s.buffer != noBuffer {
		return l.buffers.bytes(s.buffer)[s.held:]
	}
	return l.inbox
}

// received hands n new bytes to what awaits them.
func (l *loop) received(s *slot, n int) {
	switch {
	case s.state == stateFinishing: // behind the close frame nothing counts (RFC 6455 section 5.5.1)
	case s.state == stateClosing:
		l.framesReceived(s, l.inbox[:n])
	case s.buffer != noBuffer:
		s.held += int32(n)
		l.responseReceived(s, l.buffers.bytes(s.buffer)[:s.held])
	default:
		l.responseBegun(s, l.inbox[:n])
	}
}

// responseBegun looks at the first bytes of a response, which most often are all
// of it, and the same as those of the connection before.
func (l *loop) responseBegun(s *slot, b []byte) {
	if head := l.memo.Match(&s.key, b); head > 0 {
		l.opened(s, b[head:])
		return
	}
	l.responseReceived(s, b)
}

// responseReceived looks at all that has come of a response.
func (l *loop) responseReceived(s *slot, b []byte) {
	head, err := s.parser.Parse(l.cfg.Rules, &s.key, b)
	switch {
	case err != nil:
		l.refused(s, err, b)
	case head == 0:
		l.hold(s, b)
	default:
		l.memo.Remember(&s.key, b[:head])
		l.opened(s, b[head:])
	}
}

// refused fails a connection by its response.
func (l *loop) refused(s *slot, err error, b []byte) {
	switch {
	case err == handshake.ErrStatus:
		l.rec.Status(s.parser.Status())
	case err == handshake.ErrMalformed && isItsOwnPeer(s.fd, l.to):
		l.failAfter(s, stats.CauseConnectRefused, nil)
		return
	}
	l.failAfter(s, openCause(err), b)
}

// hold keeps an incomplete response. It is shorter than a buffer: the parser
// refuses one that is not.
func (l *loop) hold(s *slot, b []byte) {
	if s.buffer != noBuffer {
		return // it lies there already
	}
	s.buffer = l.buffers.take()
	s.held = int32(copy(l.buffers.bytes(s.buffer), b))
}

// drop gives the slot's buffer back.
func (l *loop) drop(s *slot) {
	if s.buffer != noBuffer {
		l.buffers.give(s.buffer)
		s.buffer, s.held = noBuffer, 0
	}
}
