package job

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/stats"
)

// authority issues certificates. They have no dates, which nobody checks here.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string // of its certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.sign("authority")
	a.path = a.file("ca.pem", encoded("CERTIFICATE", a.cert.Raw))
	return a
}

// sign makes a certificate and its key.
func (a *authority) sign(name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: a.cert == nil, BasicConstraintsValid: true}
	by, signer := a.cert, a.key
	if by == nil {
		by, signer = made, key
	}
	der, err := x509.CreateCertificate(rand.Reader, made, by, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// issue writes a certificate and its key, and returns the names of the files.
func (a *authority) issue(name string) (certPath, keyPath string) {
	a.t.Helper()
	cert, key := a.sign(name)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.file(name+".pem", encoded("CERTIFICATE", cert.Raw)), a.file(name+"-key.pem", encoded("PRIVATE KEY", der))
}

func (a *authority) file(name, text string) (path string) {
	a.t.Helper()
	path = filepath.Join(a.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func encoded(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// TestTLSFiles gives files that are not what they should be. F stands for the file, C for the certificate.
func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("client")
	_, otherKey := a.issue("other")
	broken := encoded("CERTIFICATE", []byte("x"))
	legacy := "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\neHh4\n-----END EC PRIVATE KEY-----\n"
	for _, c := range []struct {
		option, file, want string
	}{
		{"cacert", "missing", "no such file or directory: must be a file with certificates in PEM"},
		{"cacert", t.TempDir(), "is a directory: must be a file with certificates in PEM"},
		{"cacert", "/dev/zero", "larger than 4 MiB: must be a file with certificates in PEM"},
		{"cacert", "/dev/null", "no certificate in PEM is in it: must have one or more"},
		{"cacert", a.file("x", "no PEM"), "no certificate in PEM is in it: must have one or more"},
		{"cacert", key, "no certificate in PEM is in it: must have one or more"},
		{"cacert", a.file("x", broken), "no certificate in PEM is in it: must have one or more"},
		{"cert", "missing", "no such file or directory: must be a file with a certificate in PEM"},
		{"cert", a.file("x", "no PEM"), "no certificate in PEM is in it: must be a file with a certificate in PEM"},
		{"cert", key, "no certificate in PEM is in it: must be a file with a certificate in PEM"},
		{"cert", a.file("x", broken), "x509: malformed certificate: must be a file with a certificate in PEM"},
		{"key", "missing", "no such file or directory: must be a file with a private key in PEM, not encrypted"},
		{"key", cert, "no private key in PEM is in it: must be a file with a private key in PEM, not encrypted"},
		{"key", a.file("x", encoded("ENCRYPTED PRIVATE KEY", []byte("x"))), "the key is encrypted: must be a file with a private key in PEM, not encrypted"},
		{"key", a.file("x", legacy), "the key is encrypted: must be a file with a private key in PEM, not encrypted"},
		{"key", a.file("x", encoded("PRIVATE KEY", []byte("x"))), "failed to parse private key: must be the key of the certificate in C"},
		{"key", otherKey, "private key does not match public key: must be the key of the certificate in C"},
		{"tls-keylog", t.TempDir(), "is a directory: must be a file that can be written"},
		{"tls-keylog", "missing/keys", "no such file or directory: must be a file that can be written"},
		{"tls-keylog", "/dev/null/keys", "not a directory: must be a file that can be written"},
	} {
		o := full()
		o.URL = "wss://127.0.0.1/"
		o.SecureTimeoutUs, o.TLS = 1, stats.TLSSetup{CACert: a.path, Cert: cert, Key: key}
		*map[string]*string{"cacert": &o.TLS.CACert, "cert": &o.TLS.Cert, "key": &o.TLS.Key, "tls-keylog": &o.TLS.KeyLog}[c.option] = c.file
		want := "--" + c.option + " " + c.file + ": " + strings.ReplaceAll(c.want, " in C", " in "+cert)
		if _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestCertificateWithIntermediates: all certificates of the file are sent.
func TestCertificateWithIntermediates(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("client")
	leaf, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	o := full()
	o.URL, o.SecureTimeoutUs = "wss://127.0.0.1/", 1
	o.TLS = stats.TLSSetup{Cert: a.file("chain", string(leaf)+encoded("CERTIFICATE", a.cert.Raw)), Key: key}
	if sent := configOf(t, o).TLS.Certificates; len(sent) != 1 || len(sent[0].Certificate) != 2 {
		t.Errorf("%d certificates, want 1 with its issuer", len(sent))
	}
}
