package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// attempt is how a stubbed address answers.
type attempt struct {
	after time.Duration // never: until it is cancelled
	err   error
}

const never = time.Hour

// TestRace stubs the attempts and the clock: which address wins, when, and which attempts
// were begun by then.
func TestRace(t *testing.T) {
	const ms = time.Millisecond
	refused := errors.New("refused")
	for _, c := range []struct {
		name     string
		attempts []attempt
		want     string
		after    time.Duration
		begun    int
	}{
		{"the first", []attempt{{10 * ms, nil}, {0, nil}}, "10.0.0.0:9", 10 * ms, 1},
		{"the first, late", []attempt{{260 * ms, nil}, {20 * ms, nil}}, "10.0.0.0:9", 260 * ms, 2},
		{"the second while the first is silent", []attempt{{never, nil}, {10 * ms, nil}}, "10.0.0.1:9", 260 * ms, 2},
		{"the second at once after the first has failed", []attempt{{10 * ms, refused}, {10 * ms, nil}}, "10.0.0.1:9", 20 * ms, 2},
		{"the third", []attempt{{never, nil}, {never, nil}, {10 * ms, nil}}, "10.0.0.2:9", 510 * ms, 3},
		{"the first, after the second has failed", []attempt{{300 * ms, nil}, {10 * ms, refused}}, "10.0.0.0:9", 300 * ms, 2},
		{"none", []attempt{{10 * ms, refused}, {10 * ms, refused}}, "10.0.0.0:9: refused, 10.0.0.1:9: refused", 20 * ms, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := raceOf(c.attempts)
				began := time.Now()
				got := outcomeText(r.run(t.Context()))
				if after := time.Since(began); got != c.want || after != c.after || r.begun != c.begun {
					t.Errorf("%s after %v and %d attempts, want %s after %v and %d", got, after, r.begun, c.want, c.after, c.begun)
				}
			})
		})
	}
}

// TestRaceIsCancelled needs the attempts to end too: synctest fails if one is left.
func TestRaceIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := raceOf([]attempt{{never, nil}, {never, nil}}).run(ctx)
		if after := time.Since(began); err == nil || after != time.Second {
			t.Errorf("%v after %v", err, after)
		}
	})
}

func raceOf(attempts []attempt) *race {
	var all []netip.AddrPort
	for i := range attempts {
		all = append(all, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 9))
	}
	return newRace(all, func(ctx context.Context, to netip.AddrPort) error {
		a := attempts[to.Addr().As4()[3]]
		select {
		case <-time.After(a.after):
			return a.err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func outcomeText(at netip.AddrPort, err error) string {
	if err != nil {
		return err.Error()
	}
	return at.String()
}

// listenOn returns the port of a listener that reports where connections come from.
func listenOn(t *testing.T, address string) (port string, from chan netip.AddrPort) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EAFNOSUPPORT) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	from = make(chan netip.AddrPort, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			from <- netip.MustParseAddrPort(c.RemoteAddr().String())
			c.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, from
}

// next returns where the next connection comes from.
func next(t *testing.T, from <-chan netip.AddrPort) netip.AddrPort {
	t.Helper()
	select {
	case at := <-from:
		return at
	case <-time.After(20 * time.Second):
		t.Fatal("the testee saw no connection")
	}
	return netip.AddrPort{}
}

// TestResolveFindsTheListener resolves names with several addresses, of which one or none
// has a listener.
func TestResolveFindsTheListener(t *testing.T) {
	for _, c := range []struct{ listener, answer, source, want, from string }{
		{"[::1]:0", "127.0.0.1 ::1", "", "[::1]:PORT", "::1"},
		{"127.0.0.1:0", "::1 127.0.0.1", "", "127.0.0.1:PORT", "127.0.0.1"},
		{"127.0.0.3:0", "127.0.0.2 127.0.0.3 ::1", "127.0.0.9", "127.0.0.3:PORT", "127.0.0.9"},
		{"127.0.0.4:0", "127.0.0.1 127.0.0.2", "", `no address of host name "some.example" accepts a connection: ` +
			"127.0.0.1:PORT: connection refused, 127.0.0.2:PORT: connection refused: start the testee, or correct the port", ""},
	} {
		t.Run(c.listener, func(t *testing.T) {
			port, from := listenOn(t, c.listener)
			o := Default()
			o.URL = "ws://some.example:" + port + "/"
			if c.source != "" {
				o.Sources = []string{c.source}
			}
			j, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			got := outcomeText(j.Resolve(t.Context(), answer(nil, strings.Fields(c.answer)...)))
			if want := strings.ReplaceAll(c.want, "PORT", port); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if c.from == "" {
				return
			}
			if got := next(t, from).Addr().String(); got != c.from {
				t.Errorf("the testee saw a connection from %s, want %s", got, c.from)
			}
		})
	}
}

// TestSingleAddressIsNotProbed leaves it to the run to count what the address answers.
func TestSingleAddressIsNotProbed(t *testing.T) {
	port, from := listenOn(t, "127.0.0.1:0")
	for _, host := range []string{"some.example", "127.0.0.1"} {
		o := Default()
		o.URL = fmt.Sprintf("ws://%s:%s/", host, port)
		j, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomeText(j.Resolve(t.Context(), answer(nil, "127.0.0.1", "127.0.0.1"))); got != "127.0.0.1:"+port {
			t.Errorf("%s: %s", host, got)
		}
	}
	// A probe would have been accepted before this one.
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	own := c.LocalAddr().String()
	c.Close()
	if first := next(t, from); first.String() != own {
		t.Errorf("the testee saw a connection from %v before that from %s", first, own)
	}
}
