package engine

import (
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// This file is the transport of wss://: what wire.go does for bytes, for those within TLS records.

// errTLS says, in place of the errno of a socket, that TLS has failed. The session has the cause. The kernel's own
// numbers are lower (MAX_ERRNO, include/linux/err.h).
const errTLS unix.Errno = 4096

// fill reads ciphertext. n 0 without an errno, and not drained, is the testee's FIN.
func (l *loop) fill(s *slot, x *session) (n int, drained bool, errno unix.Errno) {
	n, drained, errno = l.receiveBytes(s, l.tls.inbox)
	x.in, x.read = l.tls.inbox[:n], n
	if n == 0 && !drained && errno == 0 {
		x.over = io.EOF
	}
	if drained {
		s.wire |= wireDrained
	}
	return n, drained, errno
}

// sendSecured encrypts b and sends it, together with what the handshake has left to send. It takes all of b.
func (l *loop) sendSecured(s *slot, b []byte) (n int, errno unix.Errno) {
	x := l.tls.of[s.index]
	if _, err := x.conn.Write(b); err != nil {
		return 0, l.broken(s, x, err)
	}
	return len(b), l.sendCiphertext(s, x)
}

// sendCiphertext sends what the socket takes. epoll tells when it takes the rest.
func (l *loop) sendCiphertext(s *slot, x *session) unix.Errno {
	if len(x.out) == 0 {
		return 0
	}
	n, errno := l.sendBytes(s, x.out)
	if errno != 0 {
		return errno
	}
	x.sent(n)
	if len(x.out) > 0 {
		return l.awaitWritable(s)
	}
	return 0
}

// receiveSecured is receive for what is within the records. The testee's close_notify ends it like a FIN, which
// can come within a record too.
func (l *loop) receiveSecured(s *slot, b []byte) (n int, drained bool, errno unix.Errno) {
	x := l.tls.of[s.index]
	for {
		n, err := x.conn.Read(b)
		switch {
		case n > 0: // an error beside it comes again
			return n, false, 0
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return 0, false, 0
		case err != error(errNoCiphertext):
			return 0, false, l.broken(s, x, err)
		case s.wire.has(wireDrained):
			return 0, true, 0
		}
		if _, _, errno := l.fill(s, x); errno != 0 {
			return 0, false, errno
		}
	}
}

// broken notes why TLS failed after its handshake.
func (l *loop) broken(s *slot, x *session, err error) unix.Errno {
	l.explain(s, x, err)
	return errTLS
}

// maxSkipped bounds what is read behind the closing handshake in search of the testee's close_notify and FIN, in bytes. A
// testee that goes on sending must not keep the loop.
const maxSkipped = 64 << 10

// endedSecured is ended for a connection with TLS. If the testee closes its socket while we answer its close_notify, the
// answer gets an RST, which comes after the FIN: the testee has ended TCP as it should.
func (l *loop) endedSecured(s *slot) (ended bool, errno unix.Errno) {
	x := l.tls.of[s.index]
	ended, errno = l.closedSecured(s, x)
	if x.answered && (errno == unix.ECONNRESET || errno == unix.EPIPE) {
		l.to(s).notify.refused()
		return true, 0
	}
	return ended, errno
}

// closedSecured reads up to the testee's close_notify, answers it, and then reads up to its FIN.
func (l *loop) closedSecured(s *slot, x *session) (ended bool, errno unix.Errno) {
	for !x.notified {
		n, err := x.conn.Read(l.inbox)
		x.skipped += n
		switch {
		case n > 0 && x.skipped <= maxSkipped:
		case n == 0 && err == error(errNoCiphertext):
			if s.wire.has(wireDrained) {
				return s.wire.has(wireFIN), 0
			}
			if _, _, errno := l.fill(s, x); errno != 0 {
				return true, errno
			}
		default: // close_notify, FIN, or what is no TLS
			return l.notified(s, x)
		}
	}
	return l.readToEnd(s, x)
}

// Some testees wait for our close_notify before they end TCP, so theirs is answered at once (RFC 8446 section 6.1). Others
// close their socket without reading it. To them an answer is data that nobody reads: it gets an RST, which also ends their
// TIME_WAIT. Once a testee has done so, answers to it wait for its FIN, which mostly is there within microseconds.

// answerAfter is for how long an answer waits. A testee that waits for it needs that longer for its end.
const answerAfter = 20 * time.Millisecond

// restrained is for how many connections answers wait after an RST.
const restrained = 1024

// restraint is whether answers to a testee's close_notify wait for its FIN. By default they do not.
type restraint struct {
	left     int32 // connections
	refusals uint64
}

// refused notes that an answer got an RST.
func (r *restraint) refused() {
	r.left = restrained
	r.refusals++
}

// needed notes that the FIN did not come without an answer.
func (r *restraint) needed() { r.left = 0 }

// waits reports whether the answer of the next connection waits.
func (r *restraint) waits() bool {
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}

// notified answers a close_notify unless the testee's FIN is there by now, or is waited for.
func (l *loop) notified(s *slot, x *session) (ended bool, errno unix.Errno) {
	x.notified, x.in = true, nil
	if x.over != nil || s.wire.has(wireFIN) {
		return l.readToEnd(s, x)
	}
	s.wire &^= wireDrained
	if ended, errno = l.readToEnd(s, x); ended {
		return ended, errno
	}
	if l.to(s).notify.waits() {
		l.enter(s, stateNotified, l.clock())
		return false, 0
	}
	errno = l.answer(s, x)
	return errno != 0, errno
}

// answer sends our close_notify.
func (l *loop) answer(s *slot, x *session) unix.Errno {
	x.answered = true
	_ = x.conn.CloseWrite() // it fails only if an alert was sent before
	return l.sendCiphertext(s, x)
}

// notifyLate answers a close_notify behind which no FIN has come.
func (l *loop) notifyLate(s *slot) {
	l.to(s).notify.needed()
	l.enter(s, stateFinishing, l.clock())
	if errno := l.answer(s, l.tls.of[s.index]); errno != 0 {
		l.finCut(s, errno)
	}
}

// readToEnd reads, and throws away, what is left before the testee's end: a socket that is closed with unread data
// sends an RST (tcp_close in net/ipv4/tcp.c, Linux 6.18).
func (l *loop) readToEnd(s *slot, x *session) (ended bool, errno unix.Errno) {
	for !s.wire.has(wireDrained) && x.skipped <= maxSkipped {
		n, drained, errno := l.receiveBytes(s, l.tls.inbox)
		x.skipped += n
		switch {
		case errno != 0:
			return true, errno
		case drained:
			s.wire |= wireDrained
		case n == 0:
			return true, 0
		}
	}
	return s.wire.has(wireFIN), 0
}

// cutTLS names the failure of a TLS session.
func (l *loop) cutTLS(s *slot) failure {
	x := l.tls.of[s.index]
	return failure{cause: x.cause, reply: x.reply}
}
