package main

import (
	"crypto/tls"
	"iter"
	"net"
	"time"
)

// errMore says that the input is used up. crypto/tls keeps errors for good unless they are temporary.
var errMore net.Error = needsMore{}

type needsMore struct{}

func (needsMore) Error() string   { return "more input is needed" }
func (needsMore) Timeout() bool   { return true }
func (needsMore) Temporary() bool { return true }

// end is one end of a connection, and the net.Conn below its tls.Conn. Its coroutine makes one handshake after another.
type end struct {
	conn    *tls.Conn
	in, out []byte
	done    bool // the handshake is, with err
	err     error
	next    func() (struct{}, bool)
	wait    func(struct{}) bool
}

func newEnd() *end {
	e := &end{}
	e.next, _ = iter.Pull(e.handshakes)
	return e
}

func (e *end) handshakes(yield func(struct{}) bool) {
	e.wait = yield
	for {
		e.err, e.done = e.conn.Handshake(), true
		if !yield(struct{}{}) {
			return
		}
	}
}

// begin makes the end ready for another connection: conn returns its tls.Conn.
func (e *end) begin(conn func(net.Conn, *tls.Config) *tls.Conn, c *tls.Config) {
	*e = end{conn: conn(e, c), out: e.out[:0], next: e.next, wait: e.wait}
}

// step goes on with the handshake as far as the input allows.
func (e *end) step(in []byte) error {
	e.in, e.out = in, e.out[:0]
	if !e.done {
		e.next()
	}
	return e.err
}

// Read implements net.Conn.
func (e *end) Read(b []byte) (int, error) {
	for len(e.in) == 0 {
		if e.done || !e.wait(struct{}{}) {
			return 0, errMore
		}
	}
	n := copy(b, e.in)
	e.in = e.in[n:]
	return n, nil
}

// Write implements net.Conn.
func (e *end) Write(b []byte) (int, error) {
	e.out = append(e.out, b...)
	return len(b), nil
}

func (*end) Close() error                     { return nil }
func (*end) LocalAddr() net.Addr              { return nil }
func (*end) RemoteAddr() net.Addr             { return nil }
func (*end) SetDeadline(time.Time) error      { return nil }
func (*end) SetReadDeadline(time.Time) error  { return nil }
func (*end) SetWriteDeadline(time.Time) error { return nil }
