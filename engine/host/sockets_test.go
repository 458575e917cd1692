package host

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSockstatNumber(t *testing.T) {
	const text = "sockets: used 1021\nTCP: inuse 2 orphan 3 tw 87652 alloc 1008 mem 5\nUDP: inuse 0 mem 9\n"
	for _, c := range []struct {
		text, key string
		want      int64
	}{
		{text, " tw ", 87652},
		{text, " orphan ", 3},
		{text, " mem ", 5},
		{text, " used ", Unknown},
		{"sockets: used 1\nTCP: inuse 1 tw ", " tw ", Unknown},
		{"sockets: used 1\nTCP: inuse 1 tw 7", " tw ", 7},
		{"sockets: used 1\nTCP: inuse 1 tw x", " tw ", Unknown},
		{"sockets: used 1\nTCP: inuse 1 tw 1234567890123456789\n", " tw ", Unknown},
		{"TCP6: inuse 1 tw 2\n", " tw ", Unknown},
		{"", " tw ", Unknown},
	} {
		if got := sockstatNumber([]byte(c.text), c.key); got != c.want {
			t.Errorf("%q in %q: %d, want %d", c.key, c.text, got, c.want)
		}
	}
}

func TestSocketCounters(t *testing.T) {
	c := OpenSocketCounters()
	defer c.Close()
	if got := c.Read(); got.TimeWait == Unknown || got.Orphans == Unknown || got.Memory == Unknown || (got.Tracked == Unknown) != (MaxTracked() == Unknown) {
		t.Errorf("%+v", got)
	}
	if n := testing.AllocsPerRun(10, func() { c.Read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAcceptQueues connects to sockets that accept nothing.
func TestAcceptQueues(t *testing.T) {
	port := listening{"127.0.0.1", false, 5}.listen(t, 0)
	listening{"0.0.0.0", false, 50}.listen(t, port) // for other addresses
	testee := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	q := OpenAcceptQueues(testee)
	defer q.Close()
	for i := range 4 {
		if l, ok := q.Longest(); !ok || l.Queue != i || l.Backlog != 5 {
			t.Errorf("%+v, %v; want a queue of %d, backlog 5", l, ok, i)
		}
		connectTo(t, testee)
	}
	if n := testing.AllocsPerRun(10, func() { q.Longest() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func connectTo(t *testing.T, to netip.AddrPort) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, sockaddr(to)); err != nil {
		t.Fatal(err)
	}
}

func TestAcceptQueuesOfNobody(t *testing.T) {
	port := listening{"127.0.0.1", false, 5}.listen(t, 0)
	q := OpenAcceptQueues(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), port))
	defer q.Close()
	if l, ok := q.Longest(); ok {
		t.Errorf("%+v listens at another address", l)
	}
}

// TestNextMessageIsBounded feeds damaged datagrams.
func TestNextMessageIsBounded(t *testing.T) {
	whole := []byte{20, 0, 0, 0, 3, 0, 15: 0, 19: 9, 39: 0}
	if m, rest, err := nextMessage(whole); err != nil || m.kind != 3 || len(m.body) != 4 || len(rest) != 20 {
		t.Errorf("%+v, %d left, %v", m, len(rest), err)
	}
	for _, length := range []byte{0, 15, 41, 255} {
		whole[0] = length
		if m, _, err := nextMessage(whole); err == nil {
			t.Errorf("a message of %d bytes: %+v", length, m)
		}
	}
	whole[0] = 39 // not aligned, and nothing follows
	if _, rest, err := nextMessage(whole); err != nil || len(rest) != 0 {
		t.Errorf("%d left, %v", len(rest), err)
	}
	for n := range 16 {
		if m, _, err := nextMessage(whole[:n]); err == nil {
			t.Errorf("%d bytes: %+v", n, m)
		}
	}
}
