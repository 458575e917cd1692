package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// server is a testee, and what it does after its close frame.
type server struct {
	config *tls.Config
	ending func(conn *tls.Conn, tcp net.Conn)
}

func (s *server) serve(listener net.Listener) {
	for {
		tcp, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer tcp.Close()
			conn := tls.Server(tcp, s.config)
			if _, err := ws.Upgrade(conn); err != nil {
				return
			}
			_, _, _ = wsutil.ReadClientData(conn) // answers the close frame
			s.ending(conn, tcp)
		}()
	}
}

func closes(conn *tls.Conn, _ net.Conn) { _ = conn.Close() }

func closesTCP(_ *tls.Conn, tcp net.Conn) { _ = tcp.Close() }

func waitsForNotify(conn *tls.Conn, _ net.Conn) {
	_ = conn.CloseWrite()
	_ = drain(conn)
}

func saysNothing(conn *tls.Conn, _ net.Conn) { _ = drain(conn) }

// TestRows: a row must say what the server does.
func TestRows(t *testing.T) {
	noTickets := &tls.Config{SessionTicketsDisabled: true}
	noX25519 := &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}
	for name, test := range map[string]struct {
		server server
		want   string // of the row for TLS 1.3
	}{
		"closes":     {server{config: &tls.Config{}, ending: closes}, "| all | 1 | 1 | yes | close_notify, FIN |"},
		"TCP only":   {server{config: &tls.Config{}, ending: closesTCP}, "| all | 1 | 1 | yes | FIN |"},
		"waits":      {server{config: &tls.Config{}, ending: waitsForNotify}, "| all | 1 | 1 | yes | close_notify, FIN after ours |"},
		"silent":     {server{config: &tls.Config{}, ending: saysNothing}, "| all | 1 | 1 | yes | nothing until ours, FIN |"},
		"no tickets": {server{config: noTickets, ending: closes}, "| none | 0 | 0 | no | close_notify, FIN |"},
		"group":      {server{config: noX25519, ending: closes}, ", CurveP256 | all |"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := start(t, &test.server).observe(5, 300*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			if row := o.row("x"); !strings.Contains(row, test.want) || !strings.HasPrefix(row, "| `x` | 1.3 | TLS_AES_128_GCM_SHA256, ") {
				t.Errorf("row %s\nwant %s", row, test.want)
			}
		})
	}
}

// TestOnce: a ticket that the server takes once only.
func TestOnce(t *testing.T) {
	seen := map[string]bool{} // by what the client offers: its bytes are the ticket's
	s := server{config: &tls.Config{}, ending: closes}
	s.config.UnwrapSession = func(identity []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		if seen[string(identity)] {
			return nil, nil // a full handshake
		}
		seen[string(identity)] = true
		return s.config.DecryptTicket(identity, state)
	}
	o, err := start(t, &s).observe(5, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if o.again || o.resumed.share() != "all" {
		t.Errorf("row %s: the ticket resumes again, or not at all", o.row("x"))
	}
}

func start(t *testing.T, s *server) *target {
	certificate, roots := selfSigned(t)
	s.config.Certificates = []tls.Certificate{certificate}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go s.serve(listener)
	return &target{address: listener.Addr().String(), roots: roots, version: tls.VersionTLS13}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
