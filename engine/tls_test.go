package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"wsperf/stats"
)

// authority issues the certificates of a test.
type authority struct {
	key   *ecdsa.PrivateKey
	cert  *x509.Certificate
	Roots *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a, err := makeAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func makeAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key, Roots: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	a.Roots.AddCert(a.cert)
	return a, nil
}

// issue returns a certificate for 127.0.0.1 and testee.example, as change would have it.
func (a *authority) issue(change func(*x509.Certificate)) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "testee"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"testee.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// securedBy starts a scripted testee that speaks TLS.
func securedBy(t testing.TB, c *tls.Config, f func(*peer)) (addr string) {
	t.Helper()
	return scripted(t, func(p *peer) {
		secured := tls.Server(p.TCPConn, c)
		if secured.Handshake() == nil {
			p.over(secured)
			f(p)
		}
	})
}

// polite is a testee that closes as RFC 6455 section 7.1.1 and RFC 8446 section 6.1 would have it.
func polite(p *peer) {
	p.open("")
	p.closeFrame()
	p.say("\x88\x02\x03\xe8")
	p.closeNotify()
	_, _ = p.r.Peek(1) // waits for the client's close_notify
}

// wss returns a configuration of n connections with TLS to a testee whose certificate the authority has issued.
func wss(t testing.TB, a *authority, addr string, n int64) Config {
	cfg := patient(t, addr, n)
	cfg.SecureTimeout = cfg.OpenTimeout
	cfg.TLS = &TLS{
		ServerName: "127.0.0.1", Roots: a.Roots, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
		Groups: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
	return cfg
}

// TestTLS: handshakes of both versions, full and resumed, with the groups that the testee leaves.
func TestTLS(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		name    string
		testee  func(*tls.Config)
		client  func(*TLS)
		version uint16
		group   tls.CurveID
		resumed bool
		retried bool
	}{
		{"TLS 1.3", nil, nil, tls.VersionTLS13, tls.X25519, false, false},
		{"TLS 1.2", nil, func(c *TLS) { c.MaxVersion = tls.VersionTLS12 }, tls.VersionTLS12, tls.X25519, false, false},
		{"another group", func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256} }, nil, tls.VersionTLS13, tls.CurveP256, false, true},
		{"hybrid group", nil, func(c *TLS) { c.Groups = []tls.CurveID{tls.X25519MLKEM768} }, tls.VersionTLS13, tls.X25519MLKEM768, false, false},
		{"TLS 1.3 resumed", nil, func(c *TLS) { c.ResumePercent = 100 }, tls.VersionTLS13, tls.X25519, true, false},
		{"TLS 1.2 resumed", nil, func(c *TLS) { c.ResumePercent, c.MaxVersion = 100, tls.VersionTLS12 }, tls.VersionTLS12, tls.X25519, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
			if c.testee != nil {
				c.testee(config)
			}
			cfg := wss(t, a, securedBy(t, config, polite), 40)
			if c.client != nil {
				c.client(cfg.TLS)
			}
			r := do(t, cfg)
			if r.Success != 40 || r.Fin.Received != 40 {
				t.Fatalf("%d of 40 successes, ends %+v, causes %v, %s", r.Success, r.Fin, causes(r), firstReply(r))
			}
			phase, other := stats.PhaseSecure, stats.PhaseSecureResumed
			if c.resumed {
				phase, other = other, phase
			}
			if n, none := r.Phases[phase].Success.TotalCount(), r.Phases[other].Success.TotalCount(); n != 40 || none != 0 {
				t.Errorf("%d values of phase %v, %d of %v", n, phase, none, other)
			}
			if r.TLS.Versions[tls.VersionName(c.version)] != 40 || r.TLS.Groups[c.group.String()] != 40 && c.version == tls.VersionTLS13 {
				t.Errorf("versions %v, groups %v", r.TLS.Versions, r.TLS.Groups)
			}
			if want := map[bool]uint64{true: 40}; r.TLS.Resumed != want[c.resumed] || r.TLS.Tried != want[c.resumed] || r.TLS.HelloRetryRequests != want[c.retried] {
				t.Errorf("%d resumed of %d, %d HelloRetryRequests", r.TLS.Resumed, r.TLS.Tried, r.TLS.HelloRetryRequests)
			}
		})
	}
}

// TestTLSRefused: what is wrong with a certificate or a handshake is a cause, and a sample explains it.
func TestTLSRefused(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	for _, c := range []struct {
		name   string
		testee func(t *testing.T) string
		client func(*TLS)
		want   stats.Cause
	}{
		{"unknown authority", serving(stranger.issue(nil)), nil, stats.CauseSecureUnknownCA},
		{"unknown authority, not verified", serving(stranger.issue(nil)), func(c *TLS) { c.Insecure = true }, stats.CauseNone},
		{"expired", serving(a.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), nil, stats.CauseSecureExpired},
		{"bad name", serving(a.issue(nil)), func(c *TLS) { c.ServerName = "other.example" }, stats.CauseSecureBadName},
		{"good name", serving(a.issue(nil)), func(c *TLS) { c.ServerName = "testee.example" }, stats.CauseNone},
		{"not for servers", serving(a.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })), nil, stats.CauseSecureBadCertificate},
		{"no common version", servingAs(&tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, MaxVersion: tls.VersionTLS12}),
			func(c *TLS) { c.MinVersion = tls.VersionTLS13 }, stats.CauseSecureVersion},
		{"client certificate wanted, TLS 1.3", servingAs(&tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, ClientAuth: tls.RequireAnyClientCert}), nil, stats.CauseSecureAlert},
		{"client certificate wanted, TLS 1.2", servingAs(&tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), nil, stats.CauseSecureAlert},
		{"no common protocol", servingAs(&tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, NextProtos: []string{"h2"}}),
			func(c *TLS) { c.Protocols = []string{"http/1.1x"} }, stats.CauseSecureAlert},
		{"plain text", func(t *testing.T) string {
			return scripted(t, func(p *peer) { p.say("HTTP/1.1 400 Bad Request\r\n\r\n"); p.silence() })
		}, nil, stats.CauseSecureProtocol},
		{"FIN", func(t *testing.T) string { return scripted(t, func(p *peer) { p.r.Peek(1) }) }, nil, stats.CauseSecureEOF},
		{"RST", func(t *testing.T) string { return scripted(t, func(p *peer) { p.r.Peek(1); p.reset() }) }, nil, stats.CauseSecureReset},
		{"silence", func(t *testing.T) string { return scripted(t, func(p *peer) { p.silence() }) }, nil, stats.CauseSecureTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := wss(t, a, c.testee(t), 20)
			if c.client != nil {
				c.client(cfg.TLS)
			}
			if c.want == stats.CauseSecureTimeout {
				cfg.SecureTimeout = short
			}
			cfg.Samples = 1
			r := do(t, cfg)
			if c.want == stats.CauseNone && r.Success == 20 {
				return
			}
			if r.Causes[c.want] != 20 {
				t.Fatalf("causes %v, want %v; %s", causes(r), c.want, firstReply(r))
			}
			t.Log(firstReply(r))
		})
	}
}

func serving(c tls.Certificate) func(*testing.T) string {
	return servingAs(&tls.Config{Certificates: []tls.Certificate{c}})
}

func servingAs(c *tls.Config) func(*testing.T) string {
	return func(t *testing.T) string { return securedBy(t, c, polite) }
}

func firstReply(r *stats.Result) string {
	for _, all := range r.Replies {
		for _, reply := range all {
			return string(reply.Bytes)
		}
	}
	return "no sample"
}

// TestTLSCloseAtOnce: a testee that closes its socket right behind its close_notify answers ours with an RST. That is
// no end by RST, and it does not happen again, unless a busy machine takes 20 ms for the testee's millisecond.
func TestTLSCloseAtOnce(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
	addr := securedBy(t, config, func(p *peer) { polite1ms(p) })
	const all = 400
	if _, n := closings(t, wss(t, a, addr, all)); n.refusals == 0 || n.refusals > all/2 {
		t.Errorf("%d answers of %d got an RST, want those of the first connections only", n.refusals, all)
	}
}

// closings makes a run of connections that all end as they should, and returns what its loop knows of the testee's
// close_notify at the end.
func closings(t *testing.T, cfg Config) (*stats.Result, restraint) {
	t.Helper()
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	r, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all := uint64(cfg.Connections); r.Success != all || r.Fin.Received != all {
		t.Fatalf("%d successes of %d, ends %+v, causes %v", r.Success, all, r.Fin, causes(r))
	}
	return r, run.loops[0].testee.notify
}

// polite1ms is a testee that closes a millisecond after its close_notify, whether ours has come or not.
func polite1ms(p *peer) {
	p.open("")
	p.closeFrame()
	p.say("\x88\x02\x03\xe8")
	p.closeNotify()
	time.Sleep(time.Millisecond)
}

// TestTLSCloseAnsweredLater: if a testee that did not wait for our close_notify does so later, it gets it: the first time
// late, and then at once.
func TestTLSCloseAnsweredLater(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
	var n atomic.Int64
	addr := securedBy(t, config, func(p *peer) {
		if n.Add(1) < 40 {
			polite1ms(p)
		} else {
			polite(p)
		}
	})
	cfg := wss(t, a, addr, 200)
	cfg.CloseTimeout = 10 * time.Minute
	r, answers := closings(t, cfg)
	if longest := r.Phases[stats.PhaseFin].Success.Max(); longest < answerAfter.Microseconds() {
		t.Errorf("phase fin took %d us at most: want an answer that waits %v", longest, answerAfter)
	}
	if answers.refusals == 0 || answers.left != 0 {
		t.Errorf("%d answers got an RST, and those of %d further connections would wait: want some and none", answers.refusals, answers.left)
	}
}

// TestTLSClose: who waits for our close_notify gets it, and after a FIN there is none.
func TestTLSClose(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
	answered := make(chan error, 40)
	addr := securedBy(t, config, func(p *peer) {
		polite(p)
		_, err := p.r.Peek(1) // crypto/tls says io.EOF for close_notify
		answered <- err
	})
	r := do(t, wss(t, a, addr, 40))
	if r.Success != 40 || r.Fin.Received != 40 {
		t.Fatalf("%d successes, ends %+v, causes %v", r.Success, r.Fin, causes(r))
	}
	for range 40 {
		if err := <-answered; err != io.EOF {
			t.Errorf("the testee waits for close_notify and gets %v", err)
		}
	}
}
