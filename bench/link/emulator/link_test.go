package emulator

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
)

// newLink returns a link that is closed at the end of the test.
func newLink(t *testing.T, cfg Config) *Link {
	t.Helper()
	l, err := New(cfg)
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// dial connects from the near end, and returns how long that took.
func dial(l *Link, to netip.AddrPort, timeout time.Duration) (took time.Duration, err error) {
	err = l.Near.Do(func() error {
		began := time.Now()
		c, err := net.DialTimeout("tcp", to.String(), timeout)
		if took = time.Since(began); err != nil {
			return err
		}
		return c.Close()
	})
	return took, err
}

func listen(t *testing.T, l *Link, address netip.Addr) netip.AddrPort {
	t.Helper()
	var listener net.Listener
	err := l.Far.Do(func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// TestRoundTrip: connecting takes a round trip over IPv4 and IPv6, and at the median the
// link is late by less than a tenth of a millisecond.
func TestRoundTrip(t *testing.T) {
	const delay, tries = 5 * time.Millisecond, 20
	l := newLink(t, Config{Delay: delay})
	for _, address := range []netip.Addr{Far4.Addr(), Far6.Addr()} {
		to := listen(t, l, address)
		var times []time.Duration
		for range tries {
			took, err := dial(l, to, time.Minute)
			if err != nil || took < 2*delay {
				t.Fatalf("%v: connected after %v, want %v or more: %v", address, took, 2*delay, err)
			}
			times = append(times, took)
		}
		slices.Sort(times)
		t.Logf("%v: connected after %v to %v, median %v", address, times[0], times[tries-1], times[tries/2])
	}
	median, p99 := Lateness(l.Record())
	t.Logf("packets were late by %v at the median, %v at q99", median, p99)
	if median > 100*time.Microsecond {
		t.Errorf("packets were late by %v at the median, want less than 0.1 ms", median)
	}
}

// TestRecord has the three segments of a TCP handshake, each with its times.
func TestRecord(t *testing.T) {
	l := newLink(t, Config{Delay: time.Millisecond})
	to := listen(t, l, Far4.Addr())
	if _, err := dial(l, to, time.Minute); err != nil {
		t.Fatal(err)
	}
	packets := slices.DeleteFunc(l.Record(), func(p Packet) bool { return p.SourcePort != to.Port() && p.DestinationPort != to.Port() })
	if len(packets) < 3 {
		t.Fatalf("%d packets, want 3 or more", len(packets))
	}
	for i, want := range []struct {
		flags   uint8
		fromFar bool
	}{{SYN, false}, {SYN | ACK, true}} {
		p := packets[i]
		if p.Flags != want.flags || p.FromFar != want.fromFar || p.Fate != Delivered || p.Due-p.In != time.Millisecond || p.Out < p.Due {
			t.Errorf("packet %d: %+v, want flags %x, from far %v, 1 ms after it came", i, p, want.flags, want.fromFar)
		}
	}
}

func TestUnreachableIsAnswered(t *testing.T) {
	nobody4, nobody6 := netip.MustParseAddr("10.99.0.66"), netip.MustParseAddr("fd99::66")
	l := newLink(t, Config{Delay: time.Millisecond, Unreachable: []netip.Addr{nobody4, nobody6}})
	for _, address := range []netip.Addr{nobody4, nobody6} {
		if took, err := dial(l, netip.AddrPortFrom(address, 9), time.Minute); !errors.Is(err, unix.EHOSTUNREACH) || took < 2*time.Millisecond {
			t.Errorf("%v: %v after %v, want %v after a round trip", address, err, took, unix.EHOSTUNREACH)
		}
	}
}

// TestCut: nothing passes while the link is down, and then it does.
func TestCut(t *testing.T) {
	l := newLink(t, Config{})
	to := listen(t, l, Far4.Addr())
	l.Down()
	if _, err := dial(l, to, 50*time.Millisecond); err == nil {
		t.Error("connected while the link was down")
	}
	l.Up()
	if _, err := dial(l, to, time.Minute); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

func TestSmallMTUHasNoIPv6(t *testing.T) {
	l := newLink(t, Config{MTU: 576})
	if _, err := dial(l, listen(t, l, Far4.Addr()), time.Minute); err != nil {
		t.Errorf("IPv4: %v", err)
	}
}

// TestCost: packets that the thread cannot take in time are counted, and so is its CPU time.
func TestCost(t *testing.T) {
	l := newLink(t, Config{})
	if c, err := l.Cost(); err != nil || c.Dropped != 0 {
		t.Errorf("%d packets dropped at the start: %v", c.Dropped, err)
	}
	l.mu.Lock() // the thread waits
	err := l.Near.Do(func() error {
		c, err := net.Dial("udp", netip.AddrPortFrom(Far4.Addr(), 9).String())
		if err != nil {
			return err
		}
		defer c.Close()
		for range deviceQueue + 100 {
			if _, err := c.Write([]byte{1}); err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.ECONNREFUSED) {
				return err
			}
		}
		return nil
	})
	l.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Cost()
	if err != nil || c.Dropped < 50 {
		t.Errorf("%d packets dropped of 100 more than fit: %v", c.Dropped, err)
	}
}
