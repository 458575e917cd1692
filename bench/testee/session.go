package testee

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/gobwas/ws"
)

// maxHeadBytes bounds the head of a request: request line and headers. RFC 6455
// has no limit. 16 KiB is twice the limit of common HTTP servers.
const maxHeadBytes = 16 << 10

// recordHandshake is the first byte of a ClientHello (RFC 8446 section 5.1), and of no request. It is refused at
// once: a ClientHello may contain no end of a line, and the client would wait until its timeout.
const recordHandshake = 0x16

// An outcome tells the loop what to do with a connection after some input.
type outcome uint8

const (
	more     outcome = iota // write the output and read on
	finished                // write the output and close
	failed                  // write the output, discard input for LingerTimeout, and close
)

// A state says what the next byte from the client belongs to.
type state uint8

const (
	inHead    state = iota // the head of the request
	inHeader               // a frame's header
	inData                 // the payload of a data frame
	inControl              // the payload of a control frame
	over                   // input that is ignored
)

// A session is the protocol state of one connection. It has no socket and no
// clock. Its zero value is a new connection. Output and outcome do not depend on
// how the input is split.
type session struct {
	wire  wire
	head  []byte // the part of the head that has arrived, if it is split
	state state
	frame frame
}

// wire is the input that is not consumed yet, and the output so far. gobwas/ws
// reads from it and writes to it.
type wire struct{ in, out []byte }

// Read implements io.Reader.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, w.in)
	w.in = w.in[n:]
	return n, nil
}

// Write implements io.Writer; it never fails.
func (w *wire) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

// take consumes and returns the next n bytes of the input, or all if there are
// fewer.
func (w *wire) take(n int) []byte {
	n = min(n, len(w.in))
	taken := w.in[:n]
	w.in = w.in[n:]
	return taken
}

// feed consumes the whole of in, which it may write to, and appends the answer
// to out. After an outcome other than more, further input is ignored.
func (s *session) feed(in, out []byte) ([]byte, outcome) {
	s.wire = wire{in, out}
	o := more
	for o == more && len(s.wire.in) > 0 {
		o = s.step()
	}
	if o != more {
		s.state = over
	}
	out = s.wire.out
	s.wire = wire{}
	return out, o
}

// step consumes at least one byte of the input.
func (s *session) step() outcome {
	switch s.state {
	case inHead:
		return s.readHead()
	case inHeader:
		return s.readHeader()
	case inData:
		return s.echo()
	case inControl:
		return s.readControl()
	}
	s.wire.in = nil
	return more
}

// handshakeEnded reports whether the opening handshake has been answered, with a
// 101 or a refusal.
func (s *session) handshakeEnded() bool { return s.state != inHead }

// readHead parses the head in the input if it is complete, and otherwise collects
// it in s.head.
func (s *session) readHead() outcome {
	if len(s.head) == 0 {
		if s.wire.in[0] == recordHandshake {
			s.wire.out = appendRefusal(s.wire.out, http.StatusBadRequest, "TLS at a port for plain HTTP")
			return failed
		}
		if n := headEnd(s.wire.in[:min(len(s.wire.in), maxHeadBytes)], 0); n > 0 {
			return s.upgrade(s.wire.take(n))
		}
	}
	from := len(s.head)
	s.head = append(s.head, s.wire.in[:min(len(s.wire.in), maxHeadBytes-from)]...)
	n := headEnd(s.head, from)
	switch {
	case n > 0:
		s.wire.take(n - from)
		return s.upgrade(s.head[:n])
	case len(s.head) == maxHeadBytes:
		s.wire.out = appendRefusal(s.wire.out, http.StatusRequestHeaderFieldsTooLarge, "head of more than 16 KiB")
		return failed
	}
	s.wire.in = nil
	return more
}

// headEnd returns the length of the head, empty line included, or 0 if it is
// incomplete. The first known bytes are known to be incomplete. A line can end
// with LF alone (RFC 9112 section 2.2).
func headEnd(head []byte, known int) int {
	for at := max(known-2, 0); ; {
		lf := bytes.IndexByte(head[at:], '\n')
		if lf < 0 {
			return 0
		}
		at += lf + 1
		switch rest := head[at:]; {
		case len(rest) >= 1 && rest[0] == '\n':
			return at + 1
		case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

// upgrade answers a request whose head is complete.
func (s *session) upgrade(head []byte) outcome {
	rest, written := s.wire.in, len(s.wire.out)
	s.wire.in = head
	_, err := upgrader.Upgrade(&s.wire)
	s.wire.in, s.head, s.state = rest, nil, inHeader
	if err == nil {
		return more
	}
	// For some errors the upgrader writes no response, for others one without the
	// headers that RFC 9110 requires. Ours replaces it.
	s.wire.out = refuse(s.wire.out[:written], err)
	return finished
}

// upgrader checks requests (RFC 6455 section 4.2.1). It selects the first
// subprotocol that is offered: an echo works with any. It must not be changed.
var upgrader = ws.Upgrader{
	Protocol: func([]byte) bool { return true },
}

// refuse appends the response to a request for which the upgrader returned err.
func refuse(dst []byte, err error) []byte {
	var rejected *ws.ConnectionRejectedError
	if errors.As(err, &rejected) && rejected.StatusCode() != 0 {
		return appendRefusal(dst, rejected.StatusCode(), rejected.Error())
	}
	// The head ends within a line or is not HTTP.
	return appendRefusal(dst, http.StatusBadRequest, "malformed HTTP request")
}
