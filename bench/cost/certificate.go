package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"time"
)

// certified is a certificate and its key.
type certified struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a key (ECDSA, P-256) and a certificate for it. nil: one that is signed with its own key.
func (by *certified) issue(name string, change func(*x509.Certificate)) (*certified, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true,
	}
	change(t)
	parent, signer := t, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &certified{cert, key}, err
}

// writeChain writes what a public testee has: a certificate that an intermediate authority has issued, and that one's. The
// root, which clients have, has issued the latter.
func (p programs) writeChain() error {
	authority := func(t *x509.Certificate) { t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign }
	root, err := (*certified)(nil).issue("wsperf root", authority)
	if err != nil {
		return fmt.Errorf("make a root certificate: %w", err)
	}
	intermediate, err := root.issue("wsperf intermediate", authority)
	if err != nil {
		return fmt.Errorf("make an intermediate certificate: %w", err)
	}
	leaf, err := intermediate.issue("wsperf testee", func(t *x509.Certificate) {
		t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1).To4()}
	})
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	for path, text := range map[string][]byte{
		p.root: root.pem(), p.chain: append(leaf.pem(), intermediate.pem()...),
		p.key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c *certified) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
}
