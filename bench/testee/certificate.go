package testee

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// A certificate is valid for a day, from an hour ago: the client's clock may be
// behind.
const (
	validBefore = time.Hour
	validAfter  = 23 * time.Hour
)

// NewTLSConfig returns a value for Config.TLS: TLS 1.2 and 1.3, X25519 and P-256,
// and session tickets if wanted, with keys that all loops share.
func NewTLSConfig(certificate tls.Certificate, tickets bool) *tls.Config {
	return &tls.Config{
		Certificates:           []tls.Certificate{certificate},
		MinVersion:             tls.VersionTLS12,
		MaxVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256},
		NextProtos:             []string{"http/1.1"}, // RFC 7301; RFC 6455 needs HTTP/1.1
		SessionTicketsDisabled: !tickets,
	}
}

// SelfSigned makes a certificate for localhost, 127.0.0.1, ::1 and the host of
// listen, which is as in Config.Listen. If that stands for all addresses of the
// machine, it is for each of them.
func SelfSigned(listen string) (tls.Certificate, error) {
	certificate, err := selfSigned(listen)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a self-signed certificate: %w", err)
	}
	return certificate, nil
}

func selfSigned(listen string) (made tls.Certificate, err error) {
	template, err := template(listen)
	if err != nil {
		return made, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return made, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

func template(listen string) (*x509.Certificate, error) {
	now := time.Now()
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "wsperf testee"},
		NotBefore:             now.Add(-validBefore),
		NotAfter:              now.Add(validAfter),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and no authority: some clients take none as a server's
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback},
	}
	return t, addSubject(t, listen)
}

// addSubject adds the host of listen to the subject alternative names.
func addSubject(t *x509.Certificate, listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	at, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && at.IsUnspecified():
		return addInterfaces(t)
	case err == nil:
		addAddress(t, at.AsSlice())
	case !slices.Contains(t.DNSNames, host):
		t.DNSNames = append(t.DNSNames, host)
	}
	return nil
}

func addInterfaces(t *x509.Certificate) error {
	addrs, err := net.InterfaceAddrs()
	for _, addr := range addrs {
		if n, ok := addr.(*net.IPNet); ok {
			addAddress(t, n.IP)
		}
	}
	return err
}

func addAddress(t *x509.Certificate, ip net.IP) {
	if short := ip.To4(); short != nil {
		ip = short
	}
	if !slices.ContainsFunc(t.IPAddresses, ip.Equal) {
		t.IPAddresses = append(t.IPAddresses, ip)
	}
}

// EncodeCertificate returns the certificate, without its key, as PEM.
func EncodeCertificate(c tls.Certificate) (text []byte) {
	for _, der := range c.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return text
}
