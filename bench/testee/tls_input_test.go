package testee

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/tidwall/evio"
)

// TestTLSBadInput: each ends in an alert or FIN, without RST, and the testee serves on.
func TestTLSBadInput(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config.LingerTimeout = time.Minute
	addr := serve(t, config)
	for _, c := range []struct{ name, sent, want string }{
		{"plain HTTP", request, string(appendRefusal(nil, 400, "plain HTTP at a port for TLS"))},
		{"plain bytes", "GETS nothing", ""},
		{"application data", "\x17\x03\x03\x00\x05hello", ""},
		{"SSL 2", "\x80\x2e\x01\x00\x02" + strings.Repeat("x", 100), "\x15\x03\x01\x00\x02\x02\x46"},                 // protocol_version
		{"a message that is no ClientHello", "\x16\x03\x01\x00\x04\x14\x00\x00\x00", "\x15\x03\x01\x00\x02\x02\x0a"}, // unexpected_message
		{"too long a record", "\x16\x03\x01\xff\xff", "\x15\x03\x01\x00\x02\x02\x16"},                                // record_overflow
		{"an alert", "\x15\x03\x01\x00\x02\x02\x28", ""},
		{"zeros", string(make([]byte, 100000)), ""},
	} {
		raw := connect(t, addr)
		go io.WriteString(raw, c.sent) // may fail: the testee does not read all of it
		if got, err := io.ReadAll(raw); err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, error %v; want %q and FIN", c.name, got, err, c.want)
		}
	}
	for want, refused := range map[string]*tls.Config{
		"protocol version not supported":          {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"handshake failure":                       {CurvePreferences: []tls.CurveID{tls.CurveP384}},
		"no application protocol":                 {NextProtos: []string{"h2"}},
		"certificate signed by unknown authority": {RootCAs: x509.NewCertPool()},
	} {
		if refused.RootCAs == nil {
			refused.RootCAs = trusting.RootCAs
		}
		refused.ServerName = "localhost"
		conn, raw := secureConnect(t, addr, refused)
		if err := conn.Handshake(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := io.Copy(io.Discard, raw); err != nil {
			t.Errorf("%s: %v, want FIN", want, err)
		}
	}
	conn, raw := secureOpen(t, addr, trusting)
	io.WriteString(raw, "\x17\x03\x03\x00\x20"+strings.Repeat("x", 32))
	if _, err := io.ReadAll(conn); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("record that does not decrypt: error %v, want bad record MAC", err)
	}
	expectFIN(t, raw)
	conn, raw = secureConnect(t, addr, trusting)
	talk(t, conn, raw)
}

// clientHello returns the record that a client sends first.
func clientHello(t testing.TB, c *tls.Config) []byte {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go tls.Client(theirs, c).Handshake() // fails when the pipe is closed
	record := make([]byte, 5)
	if _, err := io.ReadFull(ours, record); err != nil {
		t.Fatal(err)
	}
	record = append(record, make([]byte, int(record[3])<<8|int(record[4]))...)
	if _, err := io.ReadFull(ours, record[5:]); err != nil {
		t.Fatal(err)
	}
	return record
}

func TestTLSSilentClients(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config.HandshakeTimeout = 30 * time.Millisecond
	addr := serve(t, config)
	opened := secureRetry(t, addr, trusting) // on a busy machine the timeout may hit this client too
	hello := string(clientHello(t, trusting))
	for _, sent := range []string{"", hello[:1], hello[:len(hello)/2], hello} {
		raw := connect(t, addr)
		io.WriteString(raw, sent)
		expectClosed(t, raw)
	}
	for _, sent := range []string{"", request[:40]} {
		conn, raw := secureConnect(t, addr, trusting)
		if err := conn.Handshake(); err == nil { // the timeout may end that too
			io.WriteString(conn, sent)
		}
		expectClosed(t, raw)
	}
	// The timeout is for the handshakes only.
	io.WriteString(opened, client(ws.OpText, "still here"))
	expectBytes(t, opened, testeeFrame(ws.OpText, "still here"))
}

// secureRetry performs both handshakes, as often as it takes.
func secureRetry(t *testing.T, addr string, c *tls.Config) *tls.Conn {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; {
		conn, _ := secureConnect(t, addr, c)
		io.WriteString(conn, request)
		_, err := io.ReadFull(conn, make([]byte, len(response)))
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatalf("no connection: %v", err)
		}
	}
}

func TestTLSStalledClientIsDropped(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config.StallTimeout = 50 * time.Millisecond
	conn, raw := secureOpen(t, serve(t, config), trusting)
	if err := raw.(*net.TCPConn).SetReadBuffer(4096); err != nil { // fills up sooner
		t.Fatal(err)
	}
	frame := []byte(client(ws.OpBinary, string(make([]byte, 64<<10))))
	var err error
	for err == nil {
		_, err = conn.Write(frame)
	}
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write: %v, want ECONNRESET or EPIPE", err)
	}
}

// TestTLSOutputWaits has a client that does not read until the testee cannot write any
// more, and therefore reads no more. No output may be lost or come twice.
func TestTLSOutputWaits(t *testing.T) {
	config, trusting := secureConfig(t, true)
	conn, raw := secureOpen(t, serve(t, config), trusting)
	payload := make([]byte, maxPayloadBytes)
	for i := range payload {
		payload[i] = byte(i >> 8)
	}
	var stuck atomic.Bool
	written := make(chan int, 1)
	go func() {
		n := 0
		for ; !stuck.Load(); n++ {
			io.WriteString(conn, client(ws.OpBinary, string(payload))) // the reader sees the error
		}
		io.WriteString(conn, client(ws.OpClose, ""))
		written <- n
	}()
	// 100 looks: for a moment the window is also closed while the testee computes.
	for deadline, closed := time.Now().Add(testTimeout), 0; closed < 100; time.Sleep(time.Millisecond) {
		if closed++; tcpInfo(t, raw).Snd_wnd > 0 {
			closed = 0
		}
		if time.Now().After(deadline) {
			t.Fatal("the testee reads on")
		}
	}
	stuck.Store(true)
	n, last := 0, testeeFrame(ws.OpClose, "")
	want := testeeFrame(ws.OpBinary, string(payload))
	for got := make([]byte, len(want)); ; n++ {
		_, err := io.ReadFull(conn, got[:len(last)])
		if string(got[:len(last)]) == last {
			break
		}
		if err == nil {
			_, err = io.ReadFull(conn, got[len(last):])
		}
		if err != nil || string(got) != want {
			t.Fatalf("frame %d is not what was sent, error %v", n, err)
		}
	}
	if sent := <-written; n != sent {
		t.Errorf("%d frames of %d", n, sent)
	}
	expectCloseNotify(t, conn, raw)
}

// poisonedWire is a client's TCP connection which, once poisoned, has TLS read zeros.
type poisonedWire struct {
	clientWire
	poisoned bool
}

func (w *poisonedWire) Read(b []byte) (int, error) {
	if w.poisoned {
		clear(b)
		return len(b), nil
	}
	return w.clientWire.Read(b)
}

// TestTLSAlertAfterTheHandshake: a client that sends a fatal alert gets FIN.
func TestTLSAlertAfterTheHandshake(t *testing.T) {
	config, trusting := secureConfig(t, false)
	raw := connect(t, serve(t, config))
	wire := &poisonedWire{clientWire: clientWire{Conn: raw}}
	conn := tls.Client(wire, trusting)
	io.WriteString(conn, request)
	expectBytes(t, conn, response)
	wire.poisoned = true
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("zeros were read")
	}
	expectFIN(t, raw)
}

// contextConn is a connection of evio's of which only the context is used.
type contextConn struct {
	evio.Conn
	slot *slot
}

func (c contextConn) Context() any { return c.slot }

// TestTLSInputAfterTheEnd: not even a ClientHello is answered after FIN.
func TestTLSInputAfterTheEnd(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config = config.withDefaults()
	l, s := newLoop(&config, &admission{}), &slot{ended: true}
	if out, action := l.data(contextConn{slot: s}, clientHello(t, trusting)); len(out) > 0 || action != evio.None || s.tls != nil {
		t.Errorf("output %q, action %d, TLS: %v", out, action, s.tls != nil)
	}
}
