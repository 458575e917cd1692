package engine

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// securedRole is the environment variable that makes this test program a testee with TLS: its allocations are not
// counted as the client's.
const securedRole = "WSPERF_TEST_SECURED"

// beSecured serves until its standard input ends. It says where, and what its certificate is issued by.
func beSecured() int {
	a, err := makeAuthority()
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
	go serve(listener, func(p *peer) {
		secured := tls.Server(p.TCPConn, c)
		if secured.Handshake() == nil {
			p.over(secured)
			polite(p)
		}
	})
	fmt.Println(listener.Addr(), hex.EncodeToString(a.cert.Raw))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// startSecured starts a testee with TLS in a process of its own.
func startSecured(t testing.TB) (addr string, a *authority) {
	t.Helper()
	addr, text, _ := strings.Cut(startRole(t, securedRole+"=1", (*exec.Cmd).Start), " ")
	der, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	a = &authority{Roots: x509.NewCertPool()}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Roots.AddCert(a.cert)
	return addr, a
}

// TestTLSAllocatesNothingMore: what a connection allocates with TLS is crypto/tls's, and not more than we say.
func TestTLSAllocatesNothingMore(t *testing.T) {
	const n, warm = 2000, 200
	for _, c := range []struct {
		name           string
		change         func(*TLS)
		objects, bytes float64 // ceilings, per connection
	}{
		{"TLS 1.3 full", func(*TLS) {}, 420, 40 << 10},
		{"TLS 1.3 resumed", func(c *TLS) { c.ResumePercent = 100 }, 500, 46 << 10},
		{"TLS 1.2 full", func(c *TLS) { c.MaxVersion = tls.VersionTLS12 }, 420, 40 << 10},
		{"TLS 1.2 resumed", func(c *TLS) { c.MaxVersion, c.ResumePercent = tls.VersionTLS12, 100 }, 420, 40 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr, a := startSecured(t)
			cfg := wss(t, a, addr, 0)
			c.change(cfg.TLS)
			bare := newBare(t, &cfg)
			for range warm {
				bare.connect(t)
			}
			want := allocated(func() {
				for range n {
					bare.connect(t)
				}
			}).over(n)
			few, all := runAllocated(t, cfg, warm), runAllocated(t, cfg, n+warm)
			got := allocations{all.objects - few.objects, all.bytes - few.bytes}.over(n)
			t.Logf("%.1f objects and %.0f bytes, of crypto/tls alone %.1f and %.0f", got.objects, got.bytes, want.objects, want.bytes)
			if got.objects > want.objects+fruitlessReads || got.bytes > want.bytes+fruitlessReads*48 {
				t.Errorf("%.1f objects and %.0f bytes, want not more than crypto/tls alone", got.objects, got.bytes)
			}
			if got.objects > c.objects || got.bytes > c.bytes {
				t.Errorf("%.1f objects and %.0f bytes, want at most %.0f and %.0f", got.objects, got.bytes, c.objects, c.bytes)
			}
		})
	}
}

// runAllocated returns what a run of n connections allocates.
func runAllocated(t *testing.T, cfg Config, n int64) allocations {
	t.Helper()
	cfg.Connections = n
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	var result *stats.Result
	a := allocated(func() { result, err = run.Do(t.Context()) })
	if err != nil || result.Success != uint64(n) {
		t.Fatalf("%v, causes %v", err, causes(result))
	}
	return a
}

// fruitlessReads is how often a loop at most asks crypto/tls for what has not come, where a client that blocks waits. Each
// time it allocates a reader of 32 bytes (Conn.readFromUntil).
const fruitlessReads = 3

type allocations struct{ objects, bytes float64 }

func allocated(f func()) allocations {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return allocations{float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)}
}

func (a allocations) over(n float64) allocations { return allocations{a.objects / n, a.bytes / n} }

// bare is a client that does with crypto/tls alone what a loop does: its socket blocks.
type bare struct {
	session // what else a net.Conn has
	fd      int
	addr    netip.AddrPort
	config  *tls.Config
	request *handshake.Request
	inbox   []byte
}

func newBare(t *testing.T, cfg *Config) *bare {
	y := newTLSLayer(cfg.TLS, 0)
	b := &bare{addr: cfg.Addr, config: y.full, request: cfg.Request.Clone(), inbox: make([]byte, inboxBytes)}
	if y.resuming != nil {
		b.config = y.resuming
	}
	return b
}

func (b *bare) Read(p []byte) (int, error) {
	n, err := unix.Read(b.fd, p)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, err
}

func (b *bare) Write(p []byte) (int, error) { return unix.Write(b.fd, p) }

func (b *bare) connect(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	b.fd = fd
	setNoDelay(int32(fd))
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(b.addr.Port()), Addr: b.addr.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	if err := b.converse(tls.Client(b, b.config)); err != nil {
		t.Fatal(err)
	}
}

func (b *bare) converse(c *tls.Conn) error {
	var key handshake.Key
	key.Set(&[16]byte{})
	if _, err := c.Write(b.request.WithKey(&key)); err != nil {
		return err
	}
	if _, err := c.Read(b.inbox); err != nil {
		return err
	}
	if _, err := c.Write([]byte("\x88\x82\x00\x00\x00\x00\x03\xe8")); err != nil {
		return err
	}
	for {
		switch _, err := c.Read(b.inbox); {
		case errors.Is(err, io.EOF):
			return c.CloseWrite()
		case err != nil:
			return err
		}
	}
}
