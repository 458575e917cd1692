package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/gobwas/ws"

	"wsperf/handshake"
)

// conn is a connection that was accepted.
type conn struct {
	fd       int
	arrived  int64  // when it came into the accept queue
	received []byte // of the request or close frame that is not complete
	opened   bool   // the 101 was sent
	waits    bool   // for a step to be due; nothing may come meanwhile
	reply    []byte // that the step sends
	refused  bool   // the reply is a 403
}

// maxReceived is the limit of a request in bytes.
const maxReceived = 16 << 10

const (
	keyHeader = "\r\nSec-WebSocket-Key: " // as wsperf writes it: the testee has no other clients
	switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

// closeFrame has code 1000 (RFC 6455 section 7.4.1).
var closeFrame = ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")))

var errProtocol = errors.New("not the request or close frame of a client")

// parse makes the reply to what has been received. It returns false while that is not
// complete.
func (c *conn) parse() (complete bool, err error) {
	if len(c.received) > maxReceived || c.waits {
		return false, errProtocol
	}
	if c.opened {
		return c.parseClose()
	}
	return c.parseRequest()
}

func (c *conn) parseRequest() (complete bool, err error) {
	if !bytes.HasSuffix(c.received, []byte("\r\n\r\n")) {
		return false, nil
	}
	var key handshake.Key
	var accept [28]byte
	_, after, _ := bytes.Cut(c.received, []byte(keyHeader))
	if copy(key[:], after) != len(key) {
		return false, errProtocol
	}
	key.Accept(&accept)
	c.reply = append(append([]byte(switching), accept[:]...), "\r\n\r\n"...)
	c.received = c.received[:0]
	return true, nil
}

func (c *conn) parseClose() (complete bool, err error) {
	rest := bytes.NewReader(c.received)
	header, err := ws.ReadHeader(rest)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return false, nil
	case err != nil || header.OpCode != ws.OpClose || !header.Masked || header.Length > ws.MaxControlFramePayloadSize:
		return false, errProtocol
	case int64(rest.Len()) < header.Length:
		return false, nil
	}
	c.reply = closeFrame
	return true, nil
}
