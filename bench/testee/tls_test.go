package testee

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// secureConfig returns a configuration for wss://, and one for its clients, which
// verify its certificate.
func secureConfig(t *testing.T, tickets bool) (Config, *tls.Config) {
	t.Helper()
	certificate := selfSignedFor(t)
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	return Config{Loops: 1, TLS: NewTLSConfig(certificate, tickets)}, &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

func selfSignedFor(t *testing.T) tls.Certificate {
	t.Helper()
	certificate, err := SelfSigned("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// errFIN is what a socket's end is for a TLS client of these tests, so that io.EOF
// stands for close_notify alone.
var errFIN = errors.New("FIN")

// A clientWire is a client's TCP connection below TLS.
type clientWire struct {
	net.Conn
	piece int // the most bytes per write; 0: no limit
}

func (w clientWire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err == io.EOF {
		err = errFIN
	}
	return n, err
}

func (w clientWire) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		m := len(b) - n
		if w.piece > 0 {
			m = min(m, w.piece)
		}
		m, err = w.Conn.Write(b[n : n+m])
		n += m
	}
	return n, err
}

// secureConnect makes a TCP connection for TLS.
func secureConnect(t *testing.T, addr string, client *tls.Config) (*tls.Conn, net.Conn) {
	t.Helper()
	raw := connect(t, addr)
	return tls.Client(clientWire{Conn: raw}, client), raw
}

// secureOpen also performs both handshakes.
func secureOpen(t *testing.T, addr string, client *tls.Config) (*tls.Conn, net.Conn) {
	t.Helper()
	conn, raw := secureConnect(t, addr, client)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	expectBytes(t, conn, response)
	return conn, raw
}

// expectCloseNotify fails the test unless the testee sends close_notify and then
// FIN, and nothing else.
func expectCloseNotify(t *testing.T, conn *tls.Conn, raw net.Conn) {
	t.Helper()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("read %q, error %v; want no bytes and close_notify", rest, err)
	}
	expectFIN(t, raw)
}

func TestTLSHandshakes(t *testing.T) {
	for _, c := range []struct {
		name    string
		tickets bool
		client  *tls.Config
		want    tls.ConnectionState // of the second connection
	}{
		{"TLS 1.3", false, &tls.Config{}, tls.ConnectionState{Version: tls.VersionTLS13, CurveID: tls.X25519}},
		{"TLS 1.2", false, &tls.Config{MaxVersion: tls.VersionTLS12}, tls.ConnectionState{Version: tls.VersionTLS12, CurveID: tls.X25519}},
		{"P-256", false, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}, tls.ConnectionState{Version: tls.VersionTLS13, CurveID: tls.CurveP256}},
		{"TLS 1.3 resumed", true, &tls.Config{}, tls.ConnectionState{Version: tls.VersionTLS13, CurveID: tls.X25519, DidResume: true}},
		{"TLS 1.2 resumed", true, &tls.Config{MaxVersion: tls.VersionTLS12}, tls.ConnectionState{Version: tls.VersionTLS12, CurveID: tls.X25519, DidResume: true}},
		{"HelloRetryRequest: the share is of a group that the testee has not", false, &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.CurveP256}},
			tls.ConnectionState{Version: tls.VersionTLS13, CurveID: tls.CurveP256, HelloRetryRequest: true}},
		{"ALPN", false, &tls.Config{NextProtos: []string{"h2", "http/1.1"}}, tls.ConnectionState{Version: tls.VersionTLS13, CurveID: tls.X25519, NegotiatedProtocol: "http/1.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, client := secureConfig(t, c.tickets)
			config.Loops = 2 // tickets of one are for the other too
			addr := serve(t, config)
			c.client.RootCAs, c.client.ServerName, c.client.ClientSessionCache = client.RootCAs, client.ServerName, tls.NewLRUClientSessionCache(1)
			for i, piece := range []int{0, 0, 1, 7} {
				raw := connect(t, addr)
				conn := tls.Client(clientWire{raw, piece}, c.client)
				talk(t, conn, raw)
				if got := conn.ConnectionState(); i > 0 && (got.Version != c.want.Version || got.CurveID != c.want.CurveID || got.DidResume != c.want.DidResume ||
					got.HelloRetryRequest != c.want.HelloRetryRequest || got.NegotiatedProtocol != c.want.NegotiatedProtocol) {
					t.Errorf("writes of %d bytes: %+v", piece, got)
				}
			}
		})
	}
}

// talk performs the opening handshake, has a message echoed, and performs the
// closing handshake.
func talk(t *testing.T, conn *tls.Conn, raw net.Conn) {
	t.Helper()
	io.WriteString(conn, request)
	io.WriteString(conn, client(ws.OpText, "hello"))
	expectBytes(t, conn, response+testeeFrame(ws.OpText, "hello"))
	io.WriteString(conn, client(ws.OpClose, body(1000, "")))
	expectBytes(t, conn, closeFrame(1000))
	expectCloseNotify(t, conn, raw)
}

func TestTLSEcho(t *testing.T) {
	config, client := secureConfig(t, true)
	conn, _ := secureOpen(t, serve(t, config), client)
	expectEchoes(t, conn, 0, 1, 125, 126, 16384, 16385, 65536, maxPayloadBytes)
}

// TestTLSEnds: whatever the session ends with is followed by close_notify and FIN.
func TestTLSEnds(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config.LingerTimeout = time.Minute
	addr := serve(t, config)
	for sent, want := range map[string]string{
		client(ws.OpClose, body(1000, "")):   closeFrame(1000),
		testeeFrame(ws.OpText, "not masked"): closeFrame(1002),
		tooBig(6 << 15):                      closeFrame(1009),
	} {
		conn, raw := secureOpen(t, addr, trusting)
		go io.WriteString(conn, sent) // may fail: the testee does not read all of it
		expectBytes(t, conn, want)
		expectCloseNotify(t, conn, raw)
	}
	conn, raw := secureConnect(t, addr, trusting)
	expectRefusal(t, conn)
	expectFIN(t, raw)
}

// TestTLSHalfClose: the testee accepts what the client sends after the testee's FIN,
// which is the client's close_notify. close(2) would have it answered with RST, and
// the client's socket would then be in state CLOSE.
func TestTLSHalfClose(t *testing.T) {
	config, trusting := secureConfig(t, true)
	config.LingerTimeout = time.Minute
	conn, raw := secureOpen(t, serve(t, config), trusting)
	io.WriteString(conn, client(ws.OpClose, body(1000, "")))
	expectBytes(t, conn, closeFrame(1000))
	expectCloseNotify(t, conn, raw)
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	info := tcpInfo(t, raw)
	for deadline := time.Now().Add(testTimeout); info.State == unix.BPF_TCP_CLOSE_WAIT && info.Unacked > 0; info = tcpInfo(t, raw) {
		if time.Now().After(deadline) {
			t.Fatal("no acknowledgement")
		}
	}
	if info.State != unix.BPF_TCP_CLOSE_WAIT {
		t.Errorf("state %d, want CLOSE_WAIT", info.State)
	}
}

func tcpInfo(t *testing.T, conn net.Conn) (info *unix.TCPInfo) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return info
}

// TestTLSCloseNotifyAlone: a client may end with close_notify at any time.
func TestTLSCloseNotifyAlone(t *testing.T) {
	config, trusting := secureConfig(t, true)
	conn, raw := secureOpen(t, serve(t, config), trusting)
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectCloseNotify(t, conn, raw)
}
