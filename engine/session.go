package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"net"
	"time"

	"wsperf/stats"
)

// crypto/tls is made for a goroutine per connection that blocks. Here it runs on the loop's own
// thread: below a tls.Conn is a session, which is no socket but two buffers. The handshake is the only
// part that cannot return when ciphertext is missing and go on later: it runs in a coroutine
// (iter.Pull), which is left where it would block. To switch there and back takes 0.1 us and no futex; a goroutine
// that is woken by a channel takes 12. A coroutine that is made on a locked thread must be switched to on
// that thread (runtime/coro.go, Go 1.26), which a loop never leaves.
//
// After the handshake there is no coroutine: Read returns errNoCiphertext and can be called again, because
// crypto/tls keeps no error that is temporary (Conn.readRecordOrCCS), and Write never blocks.

// tlsLayer is what a loop needs for TLS.
type tlsLayer struct {
	full, resuming *tls.Config
	resume         share100 // of the handshakes try to resume
	tickets        tickets

	of    []*session // by slot; nil: none
	next  *session   // of the connection to be started next: its ClientHello is made
	free  []*session // stack
	idle  []*task    // stack of tasks without a session
	inbox []byte     // what was read last
}

func newTLSLayer(t *TLS, slots int) *tlsLayer {
	y := &tlsLayer{full: t.config(), resume: share100{percent: t.ResumePercent}, of: make([]*session, slots), inbox: make([]byte, inboxBytes)}
	if t.ResumePercent > 0 {
		y.resuming = y.full.Clone()
		y.resuming.SessionTicketsDisabled, y.resuming.ClientSessionCache = false, &y.tickets
	}
	return y
}

// share100 deals out a percentage evenly.
type share100 struct{ percent, dealt float64 }

func (s *share100) next() bool {
	s.dealt += s.percent
	if s.dealt < 100 {
		return false
	}
	s.dealt -= 100
	return true
}

// session is the TLS side of a slot's connection, and what the tls.Conn takes for its socket.
type session struct {
	conn     *tls.Conn
	task     *task  // that makes the handshake; nil: it is over
	err      error  // of the handshake
	in       []byte // ciphertext that has come, part of tlsLayer.inbox
	out      []byte // ciphertext that the socket has not taken yet
	read     int    // bytes that were read last, into tlsLayer.inbox
	over     error  // what Read returns behind in; nil: more may come
	secureNs int64  // of phase secure
	cause    stats.Cause
	reply    []byte // what the cause is about
	tried    bool   // the ClientHello offers to resume a session
	notified bool   // the testee's close_notify has come, or is not waited for any more
	answered bool   // it was answered
	skipped  int    // bytes that came behind the closing handshake
}

// errNoCiphertext is what a session says when it has none. It is temporary: crypto/tls goes on
// when it is called again.
var errNoCiphertext net.Error = noCiphertext{}

type noCiphertext struct{}

func (noCiphertext) Error() string   { return "no ciphertext has come" }
func (noCiphertext) Timeout() bool   { return true }
func (noCiphertext) Temporary() bool { return true }

// errAborted ends the handshake of a connection that has ended.
var errAborted = errors.New("the connection has ended")

// Read gives crypto/tls the ciphertext that has come. A handshake waits for more, in its coroutine.
func (x *session) Read(b []byte) (int, error) {
	for len(x.in) == 0 {
		switch {
		case x.over != nil:
			return 0, x.over
		case x.task == nil:
			return 0, errNoCiphertext
		case !x.task.wait():
			return 0, errAborted
		}
	}
	n := copy(b, x.in)
	x.in = x.in[n:]
	return n, nil
}

// recordChangeCipherSpec is the type of a record that means nothing in TLS 1.3, and is sent for middleboxes (RFC 8446 appendix D.4).
const recordChangeCipherSpec = 20

// mustSend reports whether a handshake that waits for the testee can depend on what is in out. crypto/tls writes a
// change_cipher_spec record as soon as it has the ServerHello. If the rest of the testee's flight is still to come, that
// record goes out with our Finished: alone it would be a segment and a system call more.
func (x *session) mustSend() bool {
	return len(x.out) > 6 || len(x.out) > 0 && x.out[0] != recordChangeCipherSpec
}

// sent drops n bytes of ciphertext that the socket has taken.
func (x *session) sent(n int) { x.out = x.out[:copy(x.out, x.out[n:])] }

// Write takes ciphertext from crypto/tls. It takes all of it: the loop sends it.
func (x *session) Write(b []byte) (int, error) {
	x.out = append(x.out, b...)
	return len(b), nil
}

// What else a net.Conn has. The socket and its timeouts belong to the loop.
func (*session) Close() error                     { return nil }
func (*session) LocalAddr() net.Addr              { return noAddr{} }
func (*session) RemoteAddr() net.Addr             { return noAddr{} }
func (*session) SetDeadline(time.Time) error      { return nil }
func (*session) SetReadDeadline(time.Time) error  { return nil }
func (*session) SetWriteDeadline(time.Time) error { return nil }

// noAddr is the address of a session, which crypto/tls needs as a key of the ticket cache if there is no server name.
type noAddr struct{}

func (noAddr) Network() string { return "tcp" }
func (noAddr) String() string  { return "testee" }

// task is a coroutine that makes one handshake after another.
type task struct {
	next func() (struct{}, bool) // goes on with it
	stop func()
	wait func() bool // within the coroutine: leaves it; false: it is to end
	of   *session
	done bool
}

func newTask() *task {
	t := &task{}
	t.next, t.stop = iter.Pull(t.handshakes)
	return t
}

// handshakes is the coroutine. It ends when it is stopped.
func (t *task) handshakes(yield func(struct{}) bool) {
	ended := false
	t.wait = func() bool {
		ended = ended || !yield(struct{}{})
		return !ended
	}
	for !ended {
		t.of.err = t.of.conn.HandshakeContext(context.Background())
		t.done = true
		t.wait()
	}
}

// prepare makes the next connection's ClientHello, key share included. It is called before the
// pacer is asked for a start, so that no phase contains what it takes.
func (y *tlsLayer) prepare() {
	if y.next != nil {
		return
	}
	x := y.takeSession()
	c := y.full
	if y.resume.next() {
		c = y.resuming
	}
	before := y.tickets.given
	x.conn, x.task = tls.Client(x, c), y.takeTask()
	x.task.of, x.task.done = x, false
	y.step(x)
	x.tried = y.tickets.given > before
	y.next = x
}

func (y *tlsLayer) takeSession() *session {
	if n := len(y.free); n > 0 {
		x := y.free[n-1]
		y.free = y.free[:n-1]
		return x
	}
	return new(session)
}

func (y *tlsLayer) takeTask() *task {
	if n := len(y.idle); n > 0 {
		t := y.idle[n-1]
		y.idle = y.idle[:n-1]
		return t
	}
	return newTask()
}

// step lets a handshake go on with the ciphertext that has come, and reports whether it is over.
func (y *tlsLayer) step(x *session) (over bool) {
	t := x.task
	t.next()
	if !t.done {
		return false
	}
	t.of, x.task = nil, nil
	y.idle = append(y.idle, t)
	return true
}

// assign gives a slot the session that was prepared.
func (y *tlsLayer) assign(s *slot) { y.of[s.index], y.next = y.next, nil }

// fill adds the phase of a slot's TLS handshake, if it was completed.
func (y *tlsLayer) fill(s *slot, m *stats.Sample) {
	if x := y.of[s.index]; x != nil {
		m.Ns[stats.PhaseSecure], m.Ns[stats.PhaseSecureResumed] = x.secureNs, x.secureNs
	}
}

// leave takes the session from a slot whose connection has ended.
func (y *tlsLayer) leave(s *slot) {
	if x := y.of[s.index]; x != nil {
		y.of[s.index] = nil
		y.end(x)
	}
}

// maxIdleOut is the capacity of a buffer that a session without a connection keeps, in bytes: a ClientHello with
// a ticket and a hybrid key share, and more than our other flights.
const maxIdleOut = 4 << 10

// end makes a session ready for another connection.
func (y *tlsLayer) end(x *session) {
	if x.task != nil {
		x.in, x.over = nil, errAborted
		y.step(x)
	}
	out := x.out[:0]
	if cap(out) > maxIdleOut {
		out = nil
	}
	*x = session{out: out}
	y.free = append(y.free, x)
}

// lastRead returns what was read last of a session, until something else is read.
func (y *tlsLayer) lastRead(x *session) []byte { return y.inbox[:x.read] }

// close ends all coroutines. It is called by the loop's thread when all connections have ended.
func (y *tlsLayer) close() {
	if y.next != nil {
		y.end(y.next)
		y.next = nil
	}
	for _, t := range y.idle {
		t.stop()
	}
	y.idle = nil
}
