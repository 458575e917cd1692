package netns

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
)

// namespace returns a new namespace, which is closed at the end of the test.
func namespace(t *testing.T) *Namespace {
	t.Helper()
	n, err := New()
	if IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// TestVeth exchanges a line between two namespaces, over IPv4 and IPv6.
func TestVeth(t *testing.T) {
	a := End{namespace(t), "near0", []netip.Prefix{netip.MustParsePrefix("10.98.0.1/24"), netip.MustParsePrefix("fd98::1/64")}}
	b := End{namespace(t), "far0", []netip.Prefix{netip.MustParsePrefix("10.98.0.2/24"), netip.MustParsePrefix("fd98::2/64")}}
	if err := Veth(a, b); err != nil {
		t.Fatal(err)
	}
	for i, address := range b.Addresses {
		if got, err := exchange(a.Namespace, b.Namespace, address.Addr()); err != nil || got != a.Addresses[i].Addr() {
			t.Errorf("%v saw a connection from %v, want %v: %v", address, got, a.Addresses[i], err)
		}
	}
	if err := Veth(a, b); err == nil {
		t.Error("no error for a second pair of the same names")
	}
}

// exchange connects to the address from one namespace to another, and returns the address
// that the other sees.
func exchange(from, to *Namespace, address netip.Addr) (peer netip.Addr, err error) {
	var listener net.Listener
	err = to.Do(func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		return err
	})
	if err != nil {
		return peer, err
	}
	defer listener.Close()
	var c net.Conn
	err = from.Do(func() (err error) { c, err = net.Dial("tcp", listener.Addr().String()); return err })
	if err != nil {
		return peer, err
	}
	defer c.Close()
	accepted, err := listener.Accept()
	if err != nil {
		return peer, err
	}
	defer accepted.Close()
	return accepted.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(), nil
}

// TestNamespacesAreApart: a namespace has loopback alone, and the thread of the caller
// stays where it was.
func TestNamespacesAreApart(t *testing.T) {
	n := namespace(t)
	before, _ := os.Readlink("/proc/thread-self/ns/net")
	err := n.Do(func() error {
		links, err := net.Interfaces()
		if err != nil || len(links) == 0 || links[0].Name != "lo" || links[0].Flags&net.FlagUp == 0 {
			return fmt.Errorf("interfaces %v, want lo, up: %v", links, err)
		}
		if inside, _ := os.Readlink("/proc/thread-self/ns/net"); inside == before {
			return fmt.Errorf("in %s, as before", inside)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if after, _ := os.Readlink("/proc/thread-self/ns/net"); after != before {
		t.Errorf("in %s after Do, before in %s", after, before)
	}
}

// home is where the process is before any test.
var home, _ = os.Readlink("/proc/self/ns/net")

// TestMainThreadStays: more goroutines than the runtime has threads are in a namespace at
// once, and the process, which is where its main thread is, stays where it was.
func TestMainThreadStays(t *testing.T) {
	n := namespace(t)
	const threads = 100
	var inside, all sync.WaitGroup
	inside.Add(threads)
	for range threads {
		all.Go(func() {
			if err := n.Do(func() error { inside.Done(); inside.Wait(); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if now, err := os.Readlink("/proc/self/ns/net"); now != home {
		t.Errorf("the main thread is in %s, before in %s: %v", now, home, err)
	}
}

func TestErrorsNameTheInterface(t *testing.T) {
	err := namespace(t).Do(func() error { return SetMTU("missing0", 1500) })
	if want := "missing0: set MTU: no such device"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestTentative(t *testing.T) {
	const text = "fd990000000000000000000000000001 02 40 00 c0   link0\nfe800000000000000000000000000001 02 40 20 c0    near0\nfd980000000000000000000000000001 03 40 00 80    near0\n"
	if !hasTentative(text, "link0") || hasTentative(text, "near0") || hasTentative(text, "lo") {
		t.Error("want a tentative address on link0 alone")
	}
}

func TestDropped(t *testing.T) {
	const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
 link0:1000 20 0 0 0 0 0 0 3000 40 0 7 0 0 0 0
`
	if n, err := droppedOf(text, "link0"); n != 7 || err != nil {
		t.Errorf("%d packets dropped, want 7: %v", n, err)
	}
	if _, err := droppedOf(text, "link1"); err == nil {
		t.Error("no error for an interface that is not there")
	}
}
