package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/bench/testee"
)

// TestTesteeServesTLS: clients can verify the certificate as soon as the testee says
// that it listens, its own and one that is given.
func TestTesteeServesTLS(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.pem")
	cert, key := makeCertificate(t, dir)
	for _, c := range []struct {
		name, roots string
		resumes     bool
		options     []string
	}{
		{"self-signed", own, true, []string{"--cert-out", own}},
		{"given", cert, true, []string{"--cert", cert, "--key", key}},
		{"without tickets", own, false, []string{"--cert-out", own, "--tickets=false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := secureTestee(t, c.options...)
			text, err := os.ReadFile(c.roots)
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(text)
			config := &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
			handshake(t, addr, config)
			if resumed := handshake(t, addr, config); resumed != c.resumes {
				t.Errorf("resumed: %v", resumed)
			}
		})
	}
}

// makeCertificate writes a certificate for 127.0.0.1 and its key.
func makeCertificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	made, err := testee.SelfSigned("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(os.WriteFile(cert, testee.EncodeCertificate(made), 0o600), os.WriteFile(key, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// secureTestee starts a testee with --tls for the duration of the test, and returns
// its address.
func secureTestee(t *testing.T, options ...string) string {
	t.Helper()
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"testee", "--tls", "--listen", "127.0.0.1:0", "--loops", "1", "--exit-on-eof"}, options...)...)
	cmd.Stderr = os.Stderr
	hold, holdErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(holdErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hold.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the testee ended with %v, want 0", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "listening on wss://")
	if !found {
		t.Fatalf("first line %q: %v", line, err)
	}
	return addr
}

// handshake performs a TLS handshake, and receives a session ticket if there is one.
func handshake(t *testing.T, addr string, c *tls.Config) (resumed bool) {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().DidResume
}
