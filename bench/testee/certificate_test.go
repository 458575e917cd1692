package testee

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"
	"time"
)

func TestSelfSigned(t *testing.T) {
	for listen, names := range map[string][]string{
		"127.0.0.1:0":      nil,
		"192.0.2.7:9001":   {"192.0.2.7"},
		"[2001:db8::1]:0":  {"2001:db8::1"},
		"test.example:443": {"test.example"},
		"0.0.0.0:0":        interfaceAddresses(t),
		":0":               interfaceAddresses(t),
		"[::]:0":           interfaceAddresses(t),
	} {
		c, err := SelfSigned(listen)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(EncodeCertificate(c))
		for _, name := range append(names, "localhost", "127.0.0.1", "::1") {
			if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
				t.Errorf("%s: %v", listen, err)
			}
		}
		if c.Leaf.VerifyHostname("192.0.2.8") == nil || c.Leaf.IsCA {
			t.Errorf("%s: it is for other hosts, or an authority", listen)
		}
		if n := len(c.Leaf.IPAddresses) + len(c.Leaf.DNSNames); listen == "127.0.0.1:0" && n != 3 {
			t.Errorf("%d names, want 3: %v %v", n, c.Leaf.DNSNames, c.Leaf.IPAddresses)
		}
		if now := time.Now(); c.Leaf.NotBefore.After(now.Add(-59*time.Minute)) || c.Leaf.NotAfter.Before(now.Add(22*time.Hour)) || c.Leaf.NotAfter.Sub(c.Leaf.NotBefore) != 24*time.Hour {
			t.Errorf("valid from %v to %v", c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		if key, ok := c.PrivateKey.(*ecdsa.PrivateKey); !ok || key.Curve != elliptic.P256() {
			t.Errorf("key %T", c.PrivateKey)
		}
	}
	_, err := SelfSigned("nonsense")
	checkError(t, err, "make a self-signed certificate: address nonsense: missing port")
}

func interfaceAddresses(t *testing.T) (names []string) {
	addrs, err := net.InterfaceAddrs()
	if err != nil || len(addrs) == 0 {
		t.Fatal(addrs, err)
	}
	for _, addr := range addrs {
		names = append(names, addr.(*net.IPNet).IP.String())
	}
	return names
}

func TestEncodeCertificate(t *testing.T) {
	c, err := SelfSigned("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Certificate = append(c.Certificate, []byte("intermediate"))
	text := EncodeCertificate(c)
	for _, der := range c.Certificate {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil || block.Type != "CERTIFICATE" || !bytes.Equal(block.Bytes, der) {
			t.Errorf("%+v, want %q", block, der)
		}
	}
	if len(text) > 0 {
		t.Errorf("%q is left", text)
	}
}
