package host

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestIsLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "::1": true, "0.0.0.0": true, "::": true,
		"192.0.2.1": false, "2001:db8::1": false, // for documentation (RFC 5737, RFC 3849)
	} {
		if got := IsLocal(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range own {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil && !IsLocal(prefix.Addr()) {
			t.Errorf("%v is not local, but an address of this machine", prefix.Addr())
		}
	}
}

func TestCountInSockstat(t *testing.T) {
	for text, want := range map[string]int{
		"sockets: used 9\nTCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1\nUDP: inuse 2 mem 0\n": 12,
		"UDP: tw 7\nTCP: inuse 5 tw\n": 0,
		"TCP: tw x\n":                  0,
		"":                             0,
	} {
		if got := countInSockstat(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	text, err := os.ReadFile("/proc/thread-self/net/sockstat")
	if err != nil || !strings.Contains(string(text), " tw ") {
		t.Errorf("no field tw in /proc/thread-self/net/sockstat: %v\n%s", err, text)
	}
}

// procText is a template of /proc/net/tcp. LOCAL and OTHER stand for the testee's address
// and another one.
const procText = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: LOCAL 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: LOCAL OTHER 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   2: OTHER LOCAL 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   3: OTHER LOCAL 01 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   4: OTHER LOCAL 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   5: OTHER LOCAL
`

func TestCountTimeWaits(t *testing.T) {
	for _, test := range []struct{ testee, other string }{
		{"127.0.0.1:9000", "127.0.0.1:9001"},
		{"[2001:db8::1]:80", "[2001:db8::2]:80"},
	} {
		testee := netip.MustParseAddrPort(test.testee)
		list := strings.NewReplacer("LOCAL", procAddress(testee), "OTHER", procAddress(netip.MustParseAddrPort(test.other))).Replace(procText)
		if got := countTimeWaits(strings.NewReader(list), testee); got != 2 {
			t.Errorf("%v: %d, want the 2 with this remote address", testee, got)
		}
	}
}

// TestProcAddress finds its own listening sockets in the kernel's list.
func TestProcAddress(t *testing.T) {
	for _, test := range []struct{ listen, list string }{
		{"127.0.0.1:0", "/proc/thread-self/net/tcp"},
		{"[::1]:0", "/proc/thread-self/net/tcp6"},
	} {
		l, err := net.Listen("tcp", test.listen)
		if err != nil {
			t.Logf("%s: %v", test.listen, err) // a machine without IPv6
			continue
		}
		defer l.Close()
		list, err := os.ReadFile(test.list)
		if err != nil {
			t.Fatal(err)
		}
		want := ": " + procAddress(netip.MustParseAddrPort(l.Addr().String())) + " "
		if !strings.Contains(string(list), want) {
			t.Errorf("%v is not in %s as %q", l.Addr(), test.list, want)
		}
	}
	if TimeWaitsTo(netip.MustParseAddrPort("192.0.2.1:80")) != 0 {
		t.Error("TIME_WAIT to an address for documentation (RFC 5737)")
	}
}

func TestInterface(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Interface("lo"); err != nil || got != lo.Index {
		t.Errorf("lo: %d, %v, want %d", got, err, lo.Index)
	}
	for name, quoted := range map[string]string{"": `""`, "nil0": `"nil0"`, "a\x1b": `"a\x1b"`} {
		want := "this machine has no network interface " + quoted + ": must be one of "
		if _, err := Interface(name); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), `"lo"`) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}
