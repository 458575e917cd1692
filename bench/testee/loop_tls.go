package testee

import "github.com/tidwall/evio"

// secured is received for wss://.
func (l *loop) secured(s *slot, in []byte) ([]byte, evio.Action) {
	if s.tls == nil {
		s.tls = l.tls.accept()
	}
	out, o := s.tls.feed(&s.session, in, l.out[:0])
	l.out = out
	if s.session.handshakeEnded() || o != more {
		s.leave() // the queue opening, the only one it can be in
	}
	rest := write(s.conn, out)
	if o == more {
		return rest, evio.None
	}
	return l.end(s, rest)
}

// end sends FIN, and then waits LingerTimeout for the client's. If the socket has not
// taken all output, evio closes it when it has.
func (l *loop) end(s *slot, rest []byte) ([]byte, evio.Action) {
	if len(rest) > 0 || halfClose(s.conn) != nil {
		s.closing = true
		return rest, evio.Close
	}
	s.ended, s.tls = true, nil
	l.lingering.add(s, l.tick)
	return nil, evio.None
}

// stopHandshakers is called after the loop's end, when all connections are closed.
func (l *loop) stopHandshakers() {
	if l.tls != nil {
		l.tls.handshakers.stop()
	}
}
