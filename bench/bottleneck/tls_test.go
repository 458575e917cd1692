package bottleneck

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wsperf/stats"
)

// costlySignature has a certificate with a P-384 key: crypto/tls needs three times as long to verify a
// signature of it as to make one.
func costlySignature(t *stage) (*stats.Result, []stats.Bottleneck) {
	cert, key := costlyCertificate(t.T)
	r, _ := t.apart(t.builtin(process{cpu: t.testee}, "--tls", "--cert", cert, "--key", key), "--cacert", cert)
	return r, only(stats.BottleneckClient)
}

// longSecureWay is longWay with a TLS handshake, which takes another 40 ms. Without that, the mean in
// flight would seem to be far below the low watermark.
func longSecureWay(t *stage) (*stats.Result, []stats.Bottleneck) {
	cert := filepath.Join(t.TempDir(), "testee.pem")
	return t.far([]string{"--tls", "--cert-out", cert}, []string{"--cacert", cert, "--low", "45", "--high", "50"}), only(stats.BottleneckWatermark)
}

// costlyCertificate writes a self-signed certificate for 127.0.0.1, and its key.
func costlyCertificate(t *testing.T) (certPath, keyPath string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", cert), writePEM(t, "PRIVATE KEY", secret)
}

func writePEM(t *testing.T, kind string, der []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "testee.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
