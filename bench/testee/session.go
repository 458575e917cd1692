package testee

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/gobwas/ws"
)

// maxHeadBytes bounds the head of a request. RFC 6455 names no limit; 16 KiB is
// twice what common HTTP servers take.
const maxHeadBytes = 16 << 10

// A verdict says what becomes of a connection after some bytes of it.
type verdict uint8

const (
	more     verdict = iota // it goes on
	finished                // close it as soon as the output is written
	failed                  // write the output, then drop input for a while, then close
)

// A state says what the next byte of the client is part of.
type state uint8

const (
	inHead    state = iota // the head of the request
	inHeader               // a frame's header
	inData                 // the payload of a data frame
	inControl              // the payload of a control frame
	over                   // nothing that matters any more
)

// A session is the testee's side of one connection as bytes: it knows neither
// sockets nor time. Its zero value is a connection that has just been opened.
// Output and verdict are the same however the input is cut.
type session struct {
	wire  wire
	head  []byte // the head as far as it has come, if not in one piece
	state state
	frame frame
}

// wire is the input that is not consumed yet, and the output so far. The types
// of gobwas/ws read from it and write to it.
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

// take consumes the next n bytes of the input, or all if there are fewer.
func (w *wire) take(n int) []byte {
	n = min(n, len(w.in))
	taken := w.in[:n]
	w.in = w.in[n:]
	return taken
}

// feed consumes the whole of in, which it may write to, and appends the answer
// to out. After a verdict other than more, further input is ignored.
func (s *session) feed(in, out []byte) ([]byte, verdict) {
	s.wire = wire{in, out}
	v := more
	for v == more && len(s.wire.in) > 0 {
		v = s.step()
	}
	if v != more {
		s.state = over
	}
	out = s.wire.out
	s.wire = wire{}
	return out, v
}

// step consumes one byte at least.
func (s *session) step() verdict {
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

// opened reports whether the opening handshake has come to its end, good or bad.
func (s *session) opened() bool { return s.state != inHead }

// readHead takes the head from the input without a copy if it is there in one
// piece, and else gathers it.
func (s *session) readHead() verdict {
	if len(s.head) == 0 {
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

// headEnd returns the length of the head, blank line included, or 0 if its end
// is not there. The first known bytes hold no end by themselves. A line can end
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

// upgrade answers the opening handshake, whose head is whole.
func (s *session) upgrade(head []byte) verdict {
	rest, written := s.wire.in, len(s.wire.out)
	s.wire.in = head
	_, err := upgrader.Upgrade(&s.wire)
	s.wire.in, s.head, s.state = rest, nil, inHeader
	if err == nil {
		return more
	}
	// For some errors the upgrader answers nothing, for others without the
	// headers that RFC 9110 asks for: we answer in its place.
	s.wire.out = refuse(s.wire.out[:written], err)
	return finished
}

// upgrader checks requests as RFC 6455 section 4.2.1 says. An echo speaks every
// subprotocol: it takes the first one offered. Never changed.
var upgrader = ws.Upgrader{
	Protocol: func([]byte) bool { return true },
}

// refuse appends the answer to a request that the upgrader finds err in.
func refuse(dst []byte, err error) []byte {
	var rejected *ws.ConnectionRejectedError
	if errors.As(err, &rejected) && rejected.StatusCode() != 0 {
		return appendRefusal(dst, rejected.StatusCode(), rejected.Error())
	}
	// The head ended in the middle of something.
	return appendRefusal(dst, http.StatusBadRequest, "malformed HTTP request")
}
