package testee

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// maxPlaintextBytes is the most that a TLS record holds (RFC 8446 section 5.1).
const maxPlaintextBytes = 1 << 14

// errMore says that the input is used up. crypto/tls keeps errors for good unless
// they are temporary: after this one, tls.Conn.Read can be called again.
var errMore net.Error = needsMore{}

type needsMore struct{}

func (needsMore) Error() string   { return "more input is needed" }
func (needsMore) Timeout() bool   { return true }
func (needsMore) Temporary() bool { return true }

// errGone ends the TLS handshake of a connection that has been closed.
var errGone = errors.New("the connection has been closed")

// A tlsServer is what the TLS connections of a loop share.
type tlsServer struct {
	config      *tls.Config
	handshakers handshakers
	plaintext   []byte // scratch space for a record
	answer      []byte // of the session, not encrypted yet
}

// newTLSServer returns nil for ws://.
func newTLSServer(config *tls.Config) *tlsServer {
	if config == nil {
		return nil
	}
	return &tlsServer{config: config, plaintext: make([]byte, maxPlaintextBytes)}
}

// A tlsConn is the TLS side of a connection, between its socket and its session. As
// the session, it has no socket and no clock. It is the net.Conn below its tls.Conn,
// and keeps bytes in memory for it.
type tlsConn struct {
	server      *tlsServer
	conn        *tls.Conn
	handshaking *handshaker // nil when the TLS handshake is over
	wire        wire        // ciphertext
}

// accept begins a connection.
func (t *tlsServer) accept() *tlsConn {
	x := &tlsConn{server: t, handshaking: t.handshakers.take()}
	x.conn = tls.Server(x, t.config)
	x.handshaking.conn = x.conn
	return x
}

// feed is session.feed with ciphertext. The output of an outcome other than more
// ends with close_notify, or with the alert that ended the connection.
func (x *tlsConn) feed(s *session, in, out []byte) ([]byte, outcome) {
	x.wire = wire{in, out}
	o := more
	if x.handshake() {
		o = x.exchange(s)
	}
	out = x.wire.out
	x.wire = wire{}
	return out, o
}

// handshake continues the TLS handshake, and reports whether it is over. If it has
// failed, x.conn returns its error from now on.
func (x *tlsConn) handshake() (over bool) {
	if x.handshaking == nil {
		return true
	}
	if over = x.handshaking.resume(); over {
		x.release()
	}
	return over
}

// release returns the coroutine of a handshake that is over.
func (x *tlsConn) release() {
	x.server.handshakers.put(x.handshaking)
	x.handshaking = nil
}

// exchange feeds the session with what the records hold, and encrypts its answer.
// All records are read before, so that the answer takes few.
func (x *tlsConn) exchange(s *session) outcome {
	answer, o, err := x.server.answer[:0], more, error(nil)
	for n := 0; o == more && err == nil; {
		n, err = x.conn.Read(x.server.plaintext)
		answer, o = s.feed(x.server.plaintext[:n], answer)
	}
	x.server.answer = answer
	if _, broken := x.conn.Write(answer); broken != nil {
		x.answerPlainHTTP(broken)
		return failed // no TLS, or an alert has been sent, after which nothing may be
	}
	switch {
	case o == more && err == errMore:
		return more
	case o == more && err != io.EOF:
		return failed
	}
	// RFC 8446 section 6.1: "Each party MUST send a "close_notify" alert before
	// closing its write side of the connection". EOF is the client's close_notify.
	_ = x.conn.CloseWrite() // Write, in memory, never fails
	return max(o, finished)
}

// answerPlainHTTP says in HTTP what is wrong if the connection has failed because it began with a request: crypto/tls
// sends nothing then.
func (x *tlsConn) answerPlainHTTP(err error) {
	header, is := errors.AsType[tls.RecordHeaderError](err)
	if is && string(header.RecordHeader[:4]) == "GET " {
		x.wire.out = appendRefusal(x.wire.out, http.StatusBadRequest, "plain HTTP at a port for TLS")
	}
}

// abandon ends the TLS handshake of a connection that has been closed.
func (x *tlsConn) abandon() {
	if x.handshaking == nil {
		return
	}
	x.handshaking.abandoned = true
	x.handshaking.resume()
	x.release()
}

// Read implements net.Conn. Without input it has the coroutine wait for some.
func (x *tlsConn) Read(b []byte) (int, error) {
	for len(x.wire.in) == 0 {
		if x.handshaking == nil {
			return 0, errMore
		}
		if !x.handshaking.wait() {
			return 0, errGone
		}
	}
	return x.wire.Read(b)
}

// Write implements net.Conn; it never fails.
func (x *tlsConn) Write(b []byte) (int, error) { return x.wire.Write(b) }

// The rest of net.Conn. crypto/tls's server does not ask for the addresses.

func (*tlsConn) Close() error                     { return nil }
func (*tlsConn) LocalAddr() net.Addr              { return nil }
func (*tlsConn) RemoteAddr() net.Addr             { return nil }
func (*tlsConn) SetDeadline(time.Time) error      { return nil }
func (*tlsConn) SetReadDeadline(time.Time) error  { return nil }
func (*tlsConn) SetWriteDeadline(time.Time) error { return nil }
