package testee

import (
	"crypto/tls"
	"testing"
)

// FuzzTLS feeds what may be a ClientHello, in two pieces. Whatever it is, there is an
// outcome at the end of the input, and the coroutine is free when the connection is
// closed.
func FuzzTLS(f *testing.F) {
	certificate, err := SelfSigned("127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []*tls.Config{{}, {MaxVersion: tls.VersionTLS12}, {NextProtos: []string{"h2"}}, {CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.CurveP256}}} {
		c.InsecureSkipVerify = true
		hello := clientHello(f, c)
		f.Add(hello, uint(len(hello)/2))
		f.Add(append(hello, hello...), uint(len(hello)))
	}
	f.Add([]byte(request), uint(1))
	server := newTLSServer(NewTLSConfig(certificate, true))
	f.Cleanup(func() { server.handshakers.stop() })
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		x, s := server.accept(), session{}
		cut %= uint(len(in)) + 1
		_, o := x.feed(&s, in[:cut], nil)
		if o == more {
			_, o = x.feed(&s, in[cut:], nil)
		}
		if o != more && o != failed || (o == failed) != (x.handshaking == nil) {
			t.Errorf("outcome %d, in a TLS handshake: %v", o, x.handshaking != nil)
		}
		x.abandon()
		if len(server.handshakers) != 1 {
			t.Errorf("%d idle coroutines, want 1", len(server.handshakers))
		}
	})
}
