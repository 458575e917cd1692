package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/handshake"
)

const (
	lifetime     = 30 * time.Second      // of a connection, whatever it does
	maxRequest   = 16 << 10              // of a request, in bytes
	maxPayload   = 125                   // of a client's control frame (RFC 6455 section 5.5)
	dripInterval = 20 * time.Millisecond // between two bytes
	sendBuffer   = 64 << 10              // in bytes: what a client does not take waits in it
)

// acceptMark stands in what is said for the accept key of the request.
const acceptMark = "{accept}"

// peer is the testee's end of a connection: the blocks that behaviours are
// built from. Errors of writes are not handled unless they end a loop: the
// client has gone, and the next read says so too.
type peer struct {
	conn *net.TCPConn
	in   *bufio.Reader
	path string
	key  handshake.Key
}

// newPeer bounds what the connection may take in time and memory.
func newPeer(c *net.TCPConn) *peer {
	_ = c.SetDeadline(time.Now().Add(lifetime))
	_ = c.SetWriteBuffer(sendBuffer)
	return &peer{conn: c, in: bufio.NewReader(c)}
}

// request reads the opening handshake up to its blank line: path and key are
// all that is looked at. An error is one of the connection, or of a request that
// is no request or over its bound.
func (p *peer) request() error {
	line, err := p.line()
	if err != nil {
		return err
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return errors.New("not a request line")
	}
	p.path = fields[1]
	for left := maxRequest - len(line); line != "" && left > 0; left -= len(line) {
		if line, err = p.line(); err != nil {
			return err
		}
		p.header(line)
	}
	if line != "" {
		return errors.New("request over the bound")
	}
	return nil
}

// line reads a line, of 4096 bytes at most: bufio's buffer.
func (p *peer) line() (string, error) {
	line, err := p.in.ReadSlice('\n')
	return strings.TrimRight(string(line), "\r\n"), err
}

func (p *peer) header(line string) {
	name, value, _ := strings.Cut(line, ":")
	if strings.EqualFold(name, "Sec-WebSocket-Key") {
		copy(p.key[:], strings.TrimSpace(value))
	}
}

// awaitRequest waits for the request and leaves it unread: closed like this,
// the connection ends with an RST (RFC 2525 section 2.17).
func (p *peer) awaitRequest() {
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return
	}
	var b [1]byte
	_ = raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK)
		return err != unix.EAGAIN
	})
}

// say sends s, with the accept key of the request at its mark.
func (p *peer) say(s string) error {
	_, err := io.WriteString(p.conn, p.filled(s))
	return err
}

// filled puts the accept key at its mark.
func (p *peer) filled(s string) string {
	if !strings.Contains(s, acceptMark) {
		return s
	}
	var accept [28]byte
	p.key.Accept(&accept)
	return strings.ReplaceAll(s, acceptMark, string(accept[:]))
}

// pieces sends s a byte at a time, as fast as it goes. Go sets TCP_NODELAY: each
// byte is a segment of its own.
func (p *peer) pieces(s string) {
	for _, b := range []byte(p.filled(s)) {
		_, _ = p.conn.Write([]byte{b})
	}
}

// drip sends s like pieces does, slowly, until the client goes.
func (p *peer) drip(s string) {
	for _, b := range []byte(p.filled(s)) {
		if _, err := p.conn.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(dripInterval)
	}
}

// dripEndlessly sends s again and again, slowly, until the client goes.
func (p *peer) dripEndlessly(s string) {
	for p.say(s) == nil {
		time.Sleep(dripInterval)
	}
}

// stream sends chunk again and again until size bytes are out or the client
// goes: one chunk is all that is in memory.
func (p *peer) stream(chunk string, size int) {
	b := []byte(chunk)
	for sent := 0; sent < size; {
		n, err := p.conn.Write(b)
		if err != nil {
			return
		}
		sent += n
	}
}

// open answers the opening handshake, with more in the same segment.
func (p *peer) open(more string) { _ = p.say(plainHead + more) }

// closeFrame reads the client's frames up to its close frame. All that a client
// sends here is short: a pong may come before.
func (p *peer) closeFrame() {
	const opcode, closing, length, masked = 0x0f, 0x08, 0x7f, 6
	for {
		header, err := p.in.Peek(masked)
		if err != nil {
			return
		}
		first, size := header[0], int(header[1]&length)
		if n, err := p.in.Discard(masked + min(size, maxPayload)); err != nil || n == 0 {
			return
		}
		if first&opcode == closing {
			return
		}
	}
}

// begin does all of both handshakes but the testee's close frame.
func (p *peer) begin() {
	p.open("")
	p.closeFrame()
}

// reset ends the connection with an RST (socket(7), SO_LINGER with 0).
func (p *peer) reset() {
	_ = p.conn.SetLinger(0)
	p.conn.Close()
}

// fin ends the testee's half. The other one is read until the client goes:
// closing with bytes unread would be an RST.
func (p *peer) fin() {
	_ = p.conn.CloseWrite()
	p.silence()
}

// silence says no more, and lasts until the client goes.
func (p *peer) silence() { _, _ = io.Copy(io.Discard, p.in) }
