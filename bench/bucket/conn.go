package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"

	"golang.org/x/sys/unix"
)

// conn is a connection to a client.
type conn struct {
	fd       int
	request  []byte
	complete bool // the request is
	queued   bool // for a token
	answered bool
	gone     bool
}

const mostRequest = 16 << 10

// received takes what the client has sent. It returns false if the connection is to be closed:
// the closing handshake is over, or the client is none of ours.
func (c *conn) received(data []byte) bool {
	if c.answered {
		return !c.closes(data)
	}
	c.request = append(c.request, data...)
	c.complete = bytes.HasSuffix(c.request, []byte("\r\n\r\n"))
	return len(c.request) <= mostRequest
}

// closes answers a close frame, which is all that a client sends: 8 bytes, or 6 without a
// status code (RFC 6455 section 5.5.1).
func (c *conn) closes(frame []byte) bool {
	const finAndClose, mostFrame = 0x88, 125
	if len(frame) < 6 || frame[0] != finAndClose || len(frame) > mostFrame {
		return true
	}
	_, _ = unix.Write(c.fd, []byte{finAndClose, 2, 1000 >> 8, 1000 & 0xff}) // the client reports what it misses
	return true
}

// accept writes the response. It returns false if the request has no key.
func (c *conn) accept() bool {
	key := header(c.request, "Sec-WebSocket-Key")
	if key == nil {
		return false
	}
	c.answered, c.request = true, nil
	response := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + acceptKey(key) + "\r\n\r\n"
	n, err := unix.Write(c.fd, []byte(response))
	return err == nil && n == len(response)
}

// header returns the value of a header, nil if there is none.
func header(request []byte, name string) []byte {
	for line := range bytes.Lines(request) {
		key, value, found := bytes.Cut(line, []byte(":"))
		if found && bytes.EqualFold(key, []byte(name)) {
			return bytes.TrimSpace(value)
		}
	}
	return nil
}

// acceptKey is the value of Sec-WebSocket-Accept (RFC 6455 section 4.2.2).
func acceptKey(key []byte) string {
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}
