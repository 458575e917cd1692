package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// This file is the transport: what carries bytes between a slot and its testee.
// Nothing outside of it knows what epoll reported, that a short read has emptied a
// socket, that a FIN needs no read, or that bytes travel in TLS records (wire_tls.go). It
// knows nothing of opening and closing handshakes.

// wire is what epoll reported of a connection, and what followed from it.
type wire uint8

const (
	wireReadable wire = 1 << iota // bytes, the testee's end, or an error can be read
	wireWritable                  // the socket takes bytes (again)
	wireFIN                       // the testee's FIN is behind what can be read
	wireBroken                    // an error is pending, or both directions are shut down
	wireEnded                     // all that came before the FIN has been read
	wireUrgent                    // there is urgent data: a read ends before it, whatever is behind (tcp_recvmsg_locked)
	wireDrained                   // nothing is left to read before the next event
)

// wireOf translates the flags of an event (epoll_ctl(2)). Pending errors and hang-ups
// are reported whether asked for or not.
func wireOf(flags uint32) (w wire) {
	if flags&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		w |= wireReadable
	}
	if flags&unix.EPOLLOUT != 0 {
		w |= wireWritable
	}
	if flags&unix.EPOLLRDHUP != 0 {
		w |= wireFIN
	}
	if flags&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		w |= wireBroken
	}
	if flags&unix.EPOLLPRI != 0 {
		w |= wireUrgent
	}
	return w
}

func (w wire) has(flags wire) bool { return w&flags != 0 }

// What a connection is registered for. Edge-triggered, so that a socket that stays
// readable or writable causes no further events (epoll(7)). EPOLLOUT is requested
// only while something is unsent; otherwise it costs one spurious event. EPOLLPRI tells of
// urgent data (tcp_poll in net/ipv4/tcp.c, Linux 6.18). WebSocket gives it no meaning: its
// byte is out of band and is never read.
const (
	interestRead = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLRDHUP | unix.EPOLLET
	interestBoth = interestRead | unix.EPOLLOUT
)

// interest is what to register for, given whether something is unsent.
func interest(unsent bool) uint32 {
	if unsent {
		return interestBoth
	}
	return interestRead
}

// watch has epoll report on the slot's socket from now on. What is already true is
// reported as well (epoll_ctl(2), EPOLL_CTL_ADD).
func (l *loop) watch(s *slot, unsent bool) unix.Errno {
	event := s.event(interest(unsent))
	return l.poller.control(unix.EPOLL_CTL_ADD, s.fd, &event)
}

// awaitWritable has epoll report when a watched socket takes bytes again. If the
// socket is kept, its next connection gets one spurious EPOLLOUT.
func (l *loop) awaitWritable(s *slot) unix.Errno {
	event := s.event(interestBoth)
	return l.poller.control(unix.EPOLL_CTL_MOD, s.fd, &event)
}

// prepareWire does what can be done for the next connection before it is started.
func (l *loop) prepareWire() {
	if l.tls != nil && !l.pacer.done() {
		l.tls.prepare()
	}
}

// joinWire gives a slot what its wire needs. leaveWire takes it back.
func (l *loop) joinWire(s *slot) {
	if l.tls != nil {
		l.tls.assign(s)
	}
}

func (l *loop) leaveWire(s *slot) {
	if l.tls != nil {
		l.tls.leave(s)
	}
}

// closeWire is called by the loop's thread at the end of a run.
func (l *loop) closeWire() {
	if l.tls != nil {
		l.tls.close()
	}
}

// leastSegment is the smallest TCP payload that every path can be relied on to
// carry in one segment, in bytes (RFC 9293 section 3.7.1).
const leastSegment = 536

// needsNoDelay reports whether Nagle's algorithm could hold something back (TCP_NODELAY, tcp(7)): a small
// segment while an earlier one is unacknowledged (RFC 9293 section 3.7.4). A request of one segment follows none, and our
// close frame follows a response, which acknowledges the request. A ClientHello or a TLS 1.2 flight can take two segments.
func (l *loop) needsNoDelay(t *testee) bool {
	return l.tls != nil || t.request.Len() > leastSegment
}

// fillFromWire adds the phases that the wire has measured.
func (l *loop) fillFromWire(s *slot, m *stats.Sample) {
	if l.tls != nil {
		l.tls.fill(s, m)
	}
}

// firstBytes returns what a connection sends first, as far as it has not been sent.
func (l *loop) firstBytes(s *slot) []byte {
	if l.tls != nil {
		return l.tls.of[s.index].out
	}
	return l.unsentRequest(s)
}

// firstSent notes that n of firstBytes have been sent.
func (l *loop) firstSent(s *slot, n int) {
	if l.tls != nil {
		l.tls.of[s.index].sent(n)
		return
	}
	s.sent += int32(n)
}

// established goes on once the TCP connection is.
func (l *loop) established(s *slot, nowNs int64) {
	if l.tls != nil {
		l.secure(s, nowNs)
		return
	}
	l.ready(s, nowNs)
}

// writable sends what the wire itself has left to send.
func (l *loop) writable(s *slot) unix.Errno {
	if l.tls != nil {
		return l.sendCiphertext(s, l.tls.of[s.index])
	}
	return 0
}

// send writes what the wire takes of b, which must not be empty. 0 without an
// errno means nothing now: EPOLLOUT will tell when that changes.
func (l *loop) send(s *slot, b []byte) (n int, errno unix.Errno) {
	if l.tls != nil {
		return l.sendSecured(s, b)
	}
	return l.sendBytes(s, b)
}

// receive reads into b, which must not be empty. Drained says that there is nothing
// more to read before the next event. 0 bytes of an undrained wire without an errno
// are the testee's end.
func (l *loop) receive(s *slot, b []byte) (n int, drained bool, errno unix.Errno) {
	if l.tls != nil {
		return l.receiveSecured(s, b)
	}
	return l.receiveBytes(s, b)
}

// ended reports whether the testee's end has come: by a FIN, or by an RST if errno is not 0.
func (l *loop) ended(s *slot) (ended bool, errno unix.Errno) {
	if l.tls != nil {
		return l.endedSecured(s)
	}
	return l.endedBytes(s)
}

// lost names the loss of an established connection by the errno that told of it.
func (l *loop) lost(s *slot, errno unix.Errno) failure {
	if errno == errTLS {
		return l.cutTLS(s)
	}
	return failed(s.traits().cut(errno), errno)
}

// sendBytes writes what the socket takes of b. 0 without an errno is EAGAIN: the send buffer is
// full or the connection is not established yet.
func (l *loop) sendBytes(s *slot, b []byte) (n int, errno unix.Errno) {
	n, errno = sendSocket(s.fd, b)
	if errno == unix.EAGAIN {
		return 0, 0
	}
	return n, errno
}

// receiveBytes is receive for the bytes of the socket.
func (l *loop) receiveBytes(s *slot, b []byte) (n int, drained bool, errno unix.Errno) {
	if s.wire.has(wireEnded) {
		return 0, false, 0
	}
	if s.marks.has(markTimed) && s.state == stateOpening {
		n, errno = l.receiveTimed(s, b)
	} else {
		n, errno = receiveSocket(s.fd, b)
	}
	switch {
	case errno == unix.EAGAIN:
		return 0, true, 0
	case errno != 0 || n == 0:
		return 0, false, errno
	case n == len(b) || s.wire.has(wireBroken|wireUrgent): // the next read tells how it ended
		return n, false, 0
	case s.wire.has(wireFIN):
		s.wire |= wireEnded
		return n, false, 0
	}
	return n, true, 0 // a short read has emptied the socket (epoll(7)), unless urgent data ended it
}

// endedBytes is ended without reading what is before the end. A FIN needs no read; only an
// error is read, behind what else there is.
func (l *loop) endedBytes(s *slot) (ended bool, errno unix.Errno) {
	if !s.wire.has(wireBroken) {
		return s.wire.has(wireFIN), 0
	}
	for {
		n, errno := receiveSocket(s.fd, l.inbox)
		switch {
		case errno == unix.EAGAIN:
			return s.wire.has(wireFIN), 0
		case errno != 0 || n == 0:
			return true, errno
		}
	}
}
