package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// start begins a connection that was meant to begin at intendedNs.
func (l *loop) start(intendedNs, nowNs int64) {
	s := l.slots.take()
	l.joinWire(s)
	s.intendedNs = intendedNs
	s.marks.set(markWarm, l.pacer.warming)
	s.marks.set(markTimed, l.timing.due())
	l.enter(s, stateStarting, nowNs)
	if !s.marks.has(markWarm) {
		l.measuredStart(s, nowNs)
	}
	l.recorder(s).Start()
	l.attempt(s, nowNs)
}

// attempt opens a TCP connection, or defers the start if the client is short of
// something. It is called again for a start that was deferred.
func (l *loop) attempt(s *slot, nowNs int64) {
	l.begun(s, nowNs)
	kept := s.fd != noFD
	f := l.dial(s, nowNs)
	if isShortage(f.cause) && !l.waitedEnough(s, nowNs) {
		l.deferStart(s, nowNs)
		return
	}
	if f.cause == stats.CauseNone {
		f = l.dialed(s, kept)
	}
	if f.cause != stats.CauseNone {
		l.fail(s, f)
	}
}

// begun records when the attempt begins. A start that is deferred begins again.
func (l *loop) begun(s *slot, nowNs int64) {
	s.phaseNs = nowNs
	if l.pacer.schedule != nil {
		s.span(stats.PhaseLate, nowNs)
	}
}

// dial begins the TCP handshake from the first source that has a free port.
func (l *loop) dial(s *slot, nowNs int64) failure {
	t := l.to(s)
	if errno := l.provideSocket(s); errno != 0 {
		return failed(socketCause(errno), errno)
	}
	for {
		i := t.sources.next(nowNs)
		if i == noSource {
			return failure{cause: t.sources.lacked}
		}
		switch f := l.dialFrom(s, &t.sources.all[i]); f.cause {
		case stats.CauseNone:
			s.source = i
			t.sources.all[i].open++
			return f
		case stats.CausePortsExhausted, stats.CauseSource:
			t.sources.rest(i, nowNs+int64(shortageRest), f.cause)
		default:
			return f
		}
	}
}

// provideSocket opens a socket unless one was kept.
func (l *loop) provideSocket(s *slot) unix.Errno {
	if s.fd == noFD {
		if errno := l.openSocket(s); errno != 0 {
			return errno
		}
	}
	if s.marks.has(markTimed) && !s.marks.has(markStamps) {
		s.marks.set(markStamps, setTimestamps(s.fd) == 0) // otherwise there is no stamp
	}
	return 0
}

func (l *loop) openSocket(s *slot) unix.Errno {
	t := l.to(s)
	fd, errno := openSocket(t.addr.family)
	if errno != 0 {
		return errno
	}
	s.fd = fd
	s.marks.set(markStamps, false)
	if l.needsNoDelay(t) {
		setNoDelay(fd) // if it is refused, the connection only takes longer
	}
	return 0
}

// dialFrom begins the TCP handshake, from a port of our choice when most are in use.
func (l *loop) dialFrom(s *slot, from *source) failure {
	if from.address != nil {
		if errno := bindSocket(s.fd, from.address); errno != 0 {
			return failed(sourceCause(errno), errno)
		}
	}
	if from.open >= from.ports.crowd && l.connectFromChosenPort(s, &from.ports) {
		return failure{}
	}
	errno := connectSocket(s.fd, l.to(s).addr)
	return failed(connectCause(errno), errno)
}

// connectFromChosenPort returns false if the kernel has to choose after all.
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
		cause := connectCause(connectSocket(s.fd, l.to(s).addr))
		if cause == stats.CauseNone {
			s.port = port
			return true
		}
		p.give(port)
		if cause != stats.CausePortsExhausted { // not a port in use: another port would not help
			break
		}
	}
	setLocalPort(s.fd, 0)
	return false
}

// dialed goes on after connect(2) was called. The connection's first bytes are
// tried at once where that works, and epoll reports the rest.
func (l *loop) dialed(s *slot, kept bool) failure {
	l.prepareRequest(s)
	if l.to(s).early.due() {
		if f := l.writeEarly(s); f.cause != stats.CauseNone {
			return f
		}
	}
	unsent := len(l.firstBytes(s)) > 0
	if s.state == stateStarting {
		l.enter(s, stateConnecting, s.phaseNs)
	}
	var errno unix.Errno
	switch {
	case !kept:
		errno = l.watch(s, unsent)
	case unsent:
		errno = l.awaitWritable(s)
	}
	return failed(socketCause(errno), errno)
}

// writeEarly writes the first bytes before epoll has reported that the connection is
// established. On loopback it is: the three segments of the TCP handshake went back
// and forth within connect(2), and a write that succeeds proves it.
func (l *loop) writeEarly(s *slot) failure {
	early := &l.to(s).early
	nowNs := l.clock()
	n, errno := l.sendBytes(s, l.firstBytes(s))
	switch {
	case errno != 0:
		return failed(connectCause(errno), errno)
	case n == 0: // not established yet
		early.missed()
		return failure{}
	}
	early.worked()
	l.firstSent(s, n)
	l.connected(s, nowNs)
	l.established(s, nowNs)
	return failure{}
}

// connecting handles an event of a connection that is not established yet
// (connect(2), EINPROGRESS): now it is, or it has failed.
func (l *loop) connecting(s *slot) failure {
	if s.wire.has(wireBroken) {
		if errno := socketError(s.fd); errno != 0 {
			return failed(connectCause(errno), errno)
		}
	}
	if !s.wire.has(wireWritable | wireReadable) {
		return failure{}
	}
	nowNs := l.clock()
	l.connected(s, nowNs)
	l.established(s, nowNs)
	s.wire |= wireWritable
	return l.proceed(s)
}

// connected ends phase connect.
func (l *loop) connected(s *slot, nowNs int64) { s.ended(stats.PhaseConnect, nowNs) }
