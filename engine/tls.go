package engine

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"
)

// TLS is how connections are secured (RFC 8446, RFC 5246).
type TLS struct {
	ServerName    string            // that the certificate must be for; SNI has it too, unless it is an IP address (RFC 6066 section 3)
	Roots         *x509.CertPool    // that certificates are verified with; nil: those of the system
	Insecure      bool              // certificates are not verified
	Certificates  []tls.Certificate // of the client, if the testee asks for one
	MinVersion    uint16            // tls.VersionTLS12 or tls.VersionTLS13
	MaxVersion    uint16            // the same, and not less
	Groups        []tls.CurveID     // that are offered for the key exchange
	Protocols     []string          // that are offered by ALPN (RFC 7301); empty: none
	ResumePercent float64           // of the handshakes try to resume a session, 0 to 100
	KeyLog        io.Writer         // gets the secrets of all sessions (NSS key log); nil: nobody does
}

func (c *Config) checkTLS() error {
	t := c.TLS
	switch {
	case t == nil:
		return nil
	case t.MinVersion < tls.VersionTLS12 || t.MinVersion > t.MaxVersion || t.MaxVersion > tls.VersionTLS13:
		return fmt.Errorf("TLS versions %s to %s: must be within TLS 1.2 to TLS 1.3", tls.VersionName(t.MinVersion), tls.VersionName(t.MaxVersion))
	case t.ResumePercent < 0 || t.ResumePercent > 100:
		return fmt.Errorf("TLS sessions resumed %v %%: must be 0 to 100", t.ResumePercent)
	case len(t.Groups) == 0:
		return errors.New("TLS groups: at least one is needed")
	}
	return t.tryHello()
}

// errNoHello ends a handshake whose ClientHello has been made.
var errNoHello = errors.New("a ClientHello is all that is asked for")

// helloOnly is a connection to nobody.
type helloOnly struct{ session }

func (*helloOnly) Read([]byte) (int, error)    { return 0, errNoHello }
func (*helloOnly) Write(b []byte) (int, error) { return len(b), nil }

// tryHello makes a ClientHello: crypto/tls says there what it does not accept.
func (t *TLS) tryHello() error {
	c := t.config()
	c.KeyLogWriter = nil
	if err := tls.Client(&helloOnly{}, c).Handshake(); !errors.Is(err, errNoHello) {
		return fmt.Errorf("TLS: %w", err)
	}
	return nil
}

// config returns the configuration of a loop's full handshakes. Sessions are not resumed.
func (t *TLS) config() *tls.Config {
	c := &tls.Config{
		ServerName: t.ServerName, RootCAs: t.Roots, Certificates: t.Certificates,
		MinVersion: t.MinVersion, MaxVersion: t.MaxVersion, CurvePreferences: t.Groups, NextProtos: t.Protocols,
		KeyLogWriter: t.KeyLog, SessionTicketsDisabled: true,
		InsecureSkipVerify: true, // the verifier does it
	}
	if !t.Insecure {
		c.VerifyConnection = newVerifier(t).verify
	}
	return c
}

// verifiedFor is how long a verified chain counts as verified.
const verifiedFor = time.Minute

// verifier verifies the certificates of a testee. To build and check a chain costs nearly half as much
// as the rest of a handshake, so it is done again only when the testee sends another chain, or after verifiedFor. That
// the testee has the key of its certificate is proven in each full handshake (CertificateVerify, RFC 8446 section 4.4.3), and
// crypto/tls checks it.
type verifier struct {
	roots *x509.CertPool
	name  string
	last  []*x509.Certificate // verified at that time
	at    time.Time
}

func newVerifier(t *TLS) *verifier { return &verifier{roots: t.Roots, name: t.ServerName} }

// errCertificate is the error of a certificate that was refused.
type errCertificate struct {
	error
	leaf *x509.Certificate
}

func (e *errCertificate) Unwrap() error { return e.error }

// verify is called in each handshake (tls.Config.VerifyConnection).
func (v *verifier) verify(s tls.ConnectionState) error {
	now := time.Now()
	if sameChain(v.last, s.PeerCertificates) && now.Sub(v.at) < verifiedFor {
		return nil
	}
	o := x509.VerifyOptions{Roots: v.roots, DNSName: v.name, CurrentTime: now, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(o); err != nil {
		return &errCertificate{err, s.PeerCertificates[0]}
	}
	v.last, v.at = s.PeerCertificates, now
	return nil
}

func sameChain(a, b []*x509.Certificate) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !bytes.Equal(a[i].Raw, b[i].Raw) {
			return false
		}
	}
	return true
}
