package engine

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"wsperf/handshake"
	"wsperf/stats"
)

// scripted starts a testee in this process that serves every connection with f, for tests
// of the engine's reaction to a testee's behaviour. Its listener is closed at the end of
// the test, a connection when f returns.
func scripted(t testing.TB, f func(*peer)) (addr string) {
	t.Helper()
	return scriptedOn(t, "127.0.0.1:0", f)
}

func scriptedOn(t testing.TB, where string, f func(*peer)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go serve(listener, f)
	return listener.Addr().String()
}

// serve serves every connection with f until the listener is closed.
func serve(listener net.Listener, f func(*peer)) {
	for {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			f(newPeer(c.(*net.TCPConn)))
		}()
	}
}

// peer is the testee's end of a connection.
type peer struct {
	*net.TCPConn
	w   io.Writer // what it says goes here
	r   *bufio.Reader
	key handshake.Key
}

func newPeer(c *net.TCPConn) *peer { return &peer{TCPConn: c, w: c, r: bufio.NewReader(c)} }

// over has the peer speak over TLS.
func (p *peer) over(c *tls.Conn) { p.w, p.r = c, bufio.NewReader(c) }

// closeNotify ends what the peer says (RFC 8446 section 6.1).
func (p *peer) closeNotify() { _ = p.w.(*tls.Conn).CloseWrite() }

// request reads the request of the opening handshake.
func (p *peer) request() {
	request, err := http.ReadRequest(p.r)
	if err == nil {
		copy(p.key[:], request.Header.Get("Sec-WebSocket-Key"))
	}
}

// accept returns the response that RFC 6455 section 4.2.2 requires.
func (p *peer) accept() string {
	var accept [28]byte
	p.key.Accept(&accept)
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		string(accept[:]) + "\r\n\r\n"
}

func (p *peer) say(s string) { _, _ = io.WriteString(p.w, s) }

// open does the opening handshake, and sends more with the response.
func (p *peer) open(more string) {
	p.request()
	p.say(p.accept() + more)
}

// closeFrame reads the client's close frame, which is masked and has a code: 8 bytes.
func (p *peer) closeFrame() []byte {
	frame := make([]byte, 8)
	_, _ = io.ReadFull(p.r, frame)
	return frame
}

// reset makes Close send an RST (socket(7), SO_LINGER).
func (p *peer) reset() { _ = p.SetLinger(0) }

// silence keeps the connection open until wsperf ends it.
func (p *peer) silence() { _, _ = io.Copy(io.Discard, p.r) }

// do runs a configuration to its end. The engine itself checks that the counts of the
// result add up.
func do(t testing.TB, cfg Config) *stats.Result {
	t.Helper()
	return doUntil(t, context.Background(), cfg)
}

func doUntil(t testing.TB, ctx context.Context, cfg Config) *stats.Result {
	t.Helper()
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	result, err := run.Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range run.loops {
		checkNothingHeld(t, l)
	}
	return result
}

// checkNothingHeld checks that the slots of a loop that has ended hold nothing any more.
func checkNothingHeld(t testing.TB, l *loop) {
	t.Helper()
	for i, from := range l.testee.sources.all {
		if from.open != 0 || from.ports.count != len(from.ports.ring) {
			t.Errorf("loop %d: source %d has %d open, and %d of %d ports", l.number, i, from.open, from.ports.count, len(from.ports.ring))
		}
	}
	if l.inFlight != 0 || l.slots.open() != 0 {
		t.Errorf("loop %d: %d in flight, %d slots open", l.number, l.inFlight, l.slots.open())
	}
	if held := int(l.buffers.used) - len(l.buffers.free); held != 0 {
		t.Errorf("loop %d: %d buffers held", l.number, held)
	}
	for _, queue := range l.queues {
		if queue.first != noSlot || queue.last != noSlot {
			t.Errorf("loop %d: slots %d to %d are armed", l.number, queue.first, queue.last)
		}
	}
	if got := l.slots.all[:l.slots.used]; slices.ContainsFunc(got, func(s slot) bool { return s.state != stateFree || s.fd != noFD }) {
		t.Errorf("loop %d: a slot is not free, or has a socket", l.number)
	}
}

// patient returns a configuration of n connections whose timeouts are not reached even on
// a slow machine.
func patient(t testing.TB, addr string, n int64) Config {
	return withTimeouts(t, addr, n, time.Minute)
}

// short is a timeout that a test waits for.
const short = 300 * time.Millisecond

// impatient returns a configuration of n connections whose timeouts are all short.
func impatient(t testing.TB, addr string, n int64) Config {
	return withTimeouts(t, addr, n, short)
}

func withTimeouts(t testing.TB, addr string, n int64, each time.Duration) Config {
	cfg := validConfig(t, addr)
	cfg.Connections, cfg.Low, cfg.High = n, 4, 4
	cfg.ConnectTimeout, cfg.OpenTimeout, cfg.CloseTimeout = each, each, each
	return cfg
}
