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
	lifetime     = 2 * time.Minute       // deadline of a connection: longer than any timeout of the client
	maxRequest   = 16 << 10              // bytes of a request's head
	maxPayload   = 125                   // bytes of a control frame (RFC 6455 section 5.5)
	dripInterval = 20 * time.Millisecond // pause after each write of a drip
	sendBuffer   = 64 << 10              // SO_SNDBUF, in bytes: bounds the kernel's memory
)

// Placeholders in sent text for the accept key of the request, and for the same
// without its last character.
const (
	acceptMark    = "{accept}"
	cutAcceptMark = "{accept-cut}"
)

// peer is the testee's end of a connection. Its methods are the steps that
// behaviours consist of. Errors of writes are ignored unless they end a loop: they
// mean that the client has closed, which the next read reports too.
type peer struct {
	conn *net.TCPConn
	in   *bufio.Reader
	out  io.Writer // conn, or what encrypts
	path string
	key  handshake.Key

	certs *authority
	tap   tap
	keys  keyLog
}

// newPeer bounds the lifetime of the connection and its send buffer.
func newPeer(c *net.TCPConn) *peer {
	_ = c.SetDeadline(time.Now().Add(lifetime))
	_ = c.SetWriteBuffer(sendBuffer)
	return &peer{conn: c, in: bufio.NewReader(c), out: c, tap: tap{TCPConn: c}}
}

// request reads a request up to its empty line, and keeps path and key. It returns
// an error of the connection, or one for a request that is malformed or longer
// than maxRequest.
func (p *peer) request() error {
	line, err := p.line()
	if err != nil {
		return err
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return errors.New("malformed request line")
	}
	p.path = fields[1]
	for left := maxRequest - len(line); line != "" && left > 0; left -= len(line) {
		if line, err = p.line(); err != nil {
			return err
		}
		p.header(line)
	}
	if line != "" {
		return errors.New("request too long")
	}
	return nil
}

// line reads a line of at most 4096 bytes, the size of bufio's buffer.
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

// awaitRequest waits for the request and leaves it unread, so that close(2) sends
// RST (RFC 2525 section 2.17).
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

// send sends s with its placeholders replaced.
func (p *peer) send(s string) error {
	_, err := io.WriteString(p.out, p.withAcceptKey(s))
	return err
}

// withAcceptKey replaces the placeholders.
func (p *peer) withAcceptKey(s string) string {
	if !strings.Contains(s, acceptMark) && !strings.Contains(s, cutAcceptMark) {
		return s
	}
	var accept [28]byte
	p.key.Accept(&accept)
	return strings.NewReplacer(acceptMark, string(accept[:]), cutAcceptMark, string(accept[:27])).Replace(s)
}

// urgentMark stands for an urgent byte in text that sendUrgent sends.
const urgentMark = "\x00"

// sendUrgent sends s, which has one urgentMark, as one segment if it fits. The mark's byte is
// urgent data (send(2), MSG_OOB): a reader gets it out of band, and a read ends at it.
func (p *peer) sendUrgent(s string) {
	before, after, _ := strings.Cut(p.withAcceptKey(s), urgentMark)
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return
	}
	// The socket's send buffer has room for all of it, so no write is short.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.Sendto(int(fd), []byte(before), unix.MSG_MORE|unix.MSG_NOSIGNAL, nil)
		_ = unix.Sendto(int(fd), []byte("!"), unix.MSG_OOB|moreIf(after != "")|unix.MSG_NOSIGNAL, nil)
		_ = unix.Sendto(int(fd), []byte(after), unix.MSG_NOSIGNAL, nil)
	})
}

// moreIf returns the flag that says that more follows (send(2)).
func moreIf(follows bool) int {
	if follows {
		return unix.MSG_MORE
	}
	return 0
}

// sendBytewise sends s one byte per write, without pauses. Package net sets
// TCP_NODELAY, so each byte is a segment.
func (p *peer) sendBytewise(s string) {
	for _, b := range []byte(p.withAcceptKey(s)) {
		_, _ = p.out.Write([]byte{b})
	}
}

// drip sends s one byte every dripInterval, until the client closes.
func (p *peer) drip(s string) { dripTo(p.out, p.withAcceptKey(s)) }

func dripTo(w io.Writer, s string) {
	for i := range len(s) {
		if _, err := io.WriteString(w, s[i:i+1]); err != nil {
			return
		}
		time.Sleep(dripInterval)
	}
}

// dripEndlessly sends s every dripInterval, until the client closes.
func (p *peer) dripEndlessly(s string) {
	for p.send(s) == nil {
		time.Sleep(dripInterval)
	}
}

// stream sends chunk repeatedly until size bytes are written or the client closes.
// Only one chunk is in memory.
func (p *peer) stream(chunk string, size int) {
	b := []byte(chunk)
	for sent := 0; sent < size; {
		n, err := p.out.Write(b)
		if err != nil {
			return
		}
		sent += n
	}
}

// open sends the 101, with more in the same write.
func (p *peer) open(more string) { _ = p.send(plainHead + more) }

// awaitCloseFrame reads the client's frames up to its close frame. The others can
// only be pongs, which are control frames too: at most 125 bytes of payload.
func (p *peer) awaitCloseFrame() {
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

// untilClose sends the 101 and reads up to the client's close frame.
func (p *peer) untilClose() {
	p.open("")
	p.awaitCloseFrame()
}

// reset closes the connection with an RST (SO_LINGER with a timeout of 0).
func (p *peer) reset() {
	_ = p.conn.SetLinger(0)
	p.conn.Close()
}

// fin sends FIN and reads until the client closes: close(2) with unread bytes
// would send RST.
func (p *peer) fin() {
	_ = p.conn.CloseWrite()
	p.silence()
}

// silence sends nothing and reads until the client closes. With TLS, in ends with the client's close_notify.
func (p *peer) silence() {
	_, _ = io.Copy(io.Discard, p.in)
	_, _ = io.Copy(io.Discard, p.conn)
}
