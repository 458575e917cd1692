package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// proceed moves a connection on that is established, and not secured or open yet.
func (l *loop) proceed(s *slot) failure {
	if s.state == stateSecuring {
		return l.securing(s)
	}
	return l.exchange(s)
}

// exchange moves an established connection on as far as its wire allows: it writes
// what is unsent, and reads until the wire is drained, which edge-triggered epoll
// demands. Behind the testee's close frame nothing is read any more.
func (l *loop) exchange(s *slot) failure {
	if errno := l.flush(s); errno != 0 {
		return l.lost(s, errno)
	}
	if !s.wire.has(wireReadable) {
		return failure{}
	}
	for {
		n, drained, errno := l.receive(s, l.space(s))
		switch {
		case errno != 0:
			return l.lost(s, errno)
		case n > 0:
			if f := l.received(s, n); f.cause != stats.CauseNone || s.state == stateFinishing {
				return f
			}
		case !drained:
			return failure{cause: s.traits().eof}
		}
		if drained {
			return failure{}
		}
	}
}

// received hands n new bytes to what awaits them.
func (l *loop) received(s *slot, n int) failure {
	switch {
	case s.state == stateClosing:
		return l.framesReceived(s, l.inbox[:n])
	case s.buffer == noBuffer:
		return l.responseBegun(s, l.inbox[:n])
	}
	s.held += uint16(n)
	return l.responseReceived(s, l.incoming(s))
}

// flush writes what is left of the request, or of our last frames, if the wire takes
// it.
func (l *loop) flush(s *slot) unix.Errno {
	if !s.wire.has(wireWritable) {
		return 0
	}
	if errno := l.writable(s); errno != 0 {
		return errno
	}
	b := l.unsent(s)
	if len(b) == 0 {
		return 0
	}
	n, errno := l.send(s, b)
	if errno == 0 {
		s.sent += int32(n)
	}
	return errno
}

// unsent returns what is left to write. The buffer of a slot that is not opening
// holds the rest of our last frames.
func (l *loop) unsent(s *slot) []byte {
	switch {
	case s.state == stateOpening:
		return l.unsentRequest(s)
	case s.buffer != noBuffer:
		return l.buffers.bytes(s.buffer)[s.sent:s.held]
	}
	return nil
}
