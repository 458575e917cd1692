package engine

import "golang.org/x/sys/unix"

// This file is the transport: what carries bytes between a slot and its testee.
// Nothing outside of it knows what epoll reported, that a short read has emptied a
// socket, or that a FIN needs no read. It knows nothing of handshakes.

// wire is what epoll reported of a connection, and what followed from it.
type wire uint8

const (
	wireReadable wire = 1 << iota // bytes, the testee's end, or an error can be read
	wireWritable                  // the socket takes bytes (again)
	wireFIN                       // the testee's FIN is behind what can be read
	wireBroken                    // an error is pending, or both directions are shut down
	wireEnded                     // all that came before the FIN has been read
	wireUrgent                    // there is urgent data: a read ends before it, whatever is behind (tcp_recvmsg_locked)
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

// send writes what the socket takes of b, which must not be empty. 0 without an
// errno means nothing now (EAGAIN): the send buffer is full or the connection is
// not established yet, and EPOLLOUT will tell when that changes.
func (l *loop) send(s *slot, b []byte) (n int, errno unix.Errno) {
	n, errno = sendSocket(s.fd, b)
	if errno == unix.EAGAIN {
		return 0, 0
	}
	return n, errno
}

// receive reads into b, which must not be empty. Drained says that there is nothing
// more to read before the next event. 0 bytes of an undrained wire without an errno
// are the testee's end.
func (l *loop) receive(s *slot, b []byte) (n int, drained bool, errno unix.Errno) {
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

// ended reports whether the testee's end has come, without reading what is before
// it: by a FIN, or by an RST if errno is not 0. A FIN needs no read; only an error
// is read, behind what else there is.
func (l *loop) ended(s *slot) (ended bool, errno unix.Errno) {
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
