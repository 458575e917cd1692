package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority has the certificates of a testee.
type authority struct {
	root      *issuer
	issued    map[string]tls.Certificate
	ticketKey [32]byte // of all connections
	serial    int64
}

// issuer signs certificates.
type issuer struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	chain [][]byte // up to the root, which is not part of it
}

// newAuthority issues certificates for a host.
func newAuthority(host string) (*authority, error) {
	a := &authority{issued: map[string]tls.Certificate{}}
	if _, err := rand.Read(a.ticketKey[:]); err != nil {
		return nil, err
	}
	var err error
	if a.root, err = a.newIssuer("hostile authority", nil); err != nil {
		return nil, err
	}
	for _, k := range certificateKinds() {
		if a.issued[k.name], err = a.issue(host, k); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", k.name, err)
		}
	}
	return a, nil
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.cert.Raw})
}

// certificateKind is a kind of certificate, most of which are refused.
type certificateKind struct {
	name     string
	change   func(*x509.Certificate)
	depth    int  // intermediate authorities
	stranger bool // another authority has signed it

	selfSigned bool
	finish     func(*tls.Certificate)
}

func certificateKinds() []certificateKind {
	hour := time.Hour
	valid := func(from, to time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to) }
	}
	sized := func(n int) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Value: make([]byte, n)}}
		}
	}
	return []certificateKind{
		{name: "good"},
		{name: "expired", change: valid(-2*hour, -hour)},
		{name: "early", change: valid(hour, 2*hour)},
		{name: "other-name", change: func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} }},
		{name: "no-name", change: func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, nil }},
		{name: "stranger", stranger: true},
		{name: "self-signed", selfSigned: true},
		{name: "usage", change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }},
		{name: "critical", change: func(c *x509.Certificate) { sized(1)(c); c.ExtraExtensions[0].Critical = true }},
		{name: "chain-10", depth: 9},
		{name: "chain-cut", depth: 2, finish: func(c *tls.Certificate) { c.Certificate = c.Certificate[:1] }},
		{name: "100k", change: sized(100_000)},
		{name: "300k", change: sized(300_000)},
		{name: "garbage", finish: func(c *tls.Certificate) { c.Certificate[0] = make([]byte, 500) }},
		{name: "other-key", finish: func(c *tls.Certificate) { c.PrivateKey, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	}
}

// issue returns a certificate with its chain.
func (a *authority) issue(host string, k certificateKind) (tls.Certificate, error) {
	by, err := a.issuerOf(k)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := a.template("testee")
	template.IPAddresses = []net.IP{net.ParseIP(host)}
	if k.change != nil {
		k.change(template)
	}
	if k.selfSigned {
		by = &issuer{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	c := tls.Certificate{Certificate: append([][]byte{der}, by.chain...), PrivateKey: key}
	if k.finish != nil {
		k.finish(&c)
	}
	return c, err
}

// issuerOf returns the last of as many intermediate authorities as the kind has.
func (a *authority) issuerOf(k certificateKind) (by *issuer, err error) {
	by = a.root
	if k.stranger {
		return a.newIssuer("stranger", nil)
	}
	for i := range k.depth {
		if by, err = a.newIssuer(fmt.Sprintf("authority %d", i+1), by); err != nil {
			return nil, err
		}
	}
	return by, nil
}

// newIssuer returns an authority that another one has signed; nil: itself.
func (a *authority) newIssuer(name string, by *issuer) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	parent, signs := template, key
	if by != nil {
		parent, signs = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signs)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	i := &issuer{cert: cert, key: key}
	if by != nil {
		i.chain = append([][]byte{der}, by.chain...)
	}
	return i, err
}

func (a *authority) template(name string) *x509.Certificate {
	a.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
}
