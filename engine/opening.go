package engine

import "wsperf/stats"

// prepareRequest draws the connection's key: a nonce, "selected randomly for each
// connection" (RFC 6455 section 4.1).
func (l *loop) prepareRequest(s *slot) {
	nonce := l.random16()
	s.key.Set(&nonce)
	s.sent = 0
}

// ready begins the opening handshake: the wire can carry the request.
func (l *loop) ready(s *slot, nowNs int64) { l.enter(s, stateOpening, nowNs) }

// requestUnsent reports whether something of the request is left to write.
func (l *loop) requestUnsent(s *slot) bool { return int(s.sent) < l.to(s).request.Len() }

// unsentRequest returns what is left of the request to write.
func (l *loop) unsentRequest(s *slot) []byte {
	if !l.requestUnsent(s) {
		return nil
	}
	return l.to(s).request.WithKey(&s.key)[s.sent:]
}

// responseBegun looks at the first bytes of a response. Most often they are all of
// it, and the same as those of the connection before but for the accept key.
func (l *loop) responseBegun(s *slot, b []byte) failure {
	if head := l.to(s).memo.Match(&s.key, b); head > 0 {
		return l.opened(s, b[head:])
	}
	s.parser.Reset()
	return l.responseReceived(s, b)
}

// responseReceived looks at all that has come of a response.
func (l *loop) responseReceived(s *slot, b []byte) failure {
	t := l.to(s)
	head, err := s.parser.Parse(t.rules, &s.key, b)
	switch {
	case err != nil:
		return l.refused(s, err, b)
	case head == 0:
		l.hold(s, b)
		return failure{}
	}
	t.memo.Remember(&s.key, b[:head])
	return l.opened(s, b[head:])
}

// refused names what is wrong with a response. If the response is our own request, the
// connection is a self-connect: nobody accepted it, and there is no reply.
func (l *loop) refused(s *slot, err error, b []byte) failure {
	cause := openCause(err)
	switch {
	case cause == stats.CauseOpenStatus:
		l.recorder(s).Status(s.parser.Status())
	case cause == stats.CauseOpenMalformed && isItsOwnPeer(s.fd, l.to(s).addr):
		l.drop(s)
		return failure{cause: stats.CauseConnectRefused}
	}
	return failure{cause: cause, reply: b}
}

// opened ends phase open and begins the closing handshake. Frames may have come with
// the response.
func (l *loop) opened(s *slot, rest []byte) failure {
	nowNs := l.clock()
	arrivedNs := l.arrived(s, nowNs)
	s.ended(stats.PhaseOpen, arrivedNs)
	s.span(stats.PhaseReady, arrivedNs)
	s.phaseNs = nowNs
	l.enter(s, stateClosing, nowNs)
	return l.beginClose(s, rest)
}
