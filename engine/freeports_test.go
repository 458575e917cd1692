package engine

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// TestSocketsAreNotKeptWithFewFreePorts: the range is wide enough, but all ports of it but 32
// are reserved, or bound by other sockets, which no list under /proc has. Then a port is
// reused within a millisecond, and the SYN of a kept socket may be dropped.
func TestSocketsAreNotKeptWithFewFreePorts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes 16384 ports twice")
	}
	for _, c := range []struct {
		name string
		take func(t *testing.T)
	}{
		{"reserved", func(t *testing.T) { reservePorts(t, "40032-56383") }},
		{"bound", func(t *testing.T) { bindPorts(t, 40032, 56383) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			needDescriptors(t, leastPortsToKeep+1000) // inNamespace would hide a skip in the namespace
			if !inNamespace(t) {
				return
			}
			setPortRange(t, leastPortsToKeep) // 40000 to 56383
			cfg := patient(t, startTestee(t), 5000)
			cfg.Low, cfg.High = 8, 8
			c.take(t)
			if got := keptRun(t, cfg); got.keep.uses > 0 {
				t.Errorf("%d sockets were kept", got.keep.uses)
			}
			checkSYNsLost(t, cfg.Connections)
		})
	}
}

func needDescriptors(t *testing.T, count int) {
	t.Helper()
	if limit, err := host.RaiseFDLimit(); err != nil || limit < count {
		t.Skipf("the descriptor limit leaves %d, %d are needed: raise it (ulimit -Hn): %v", limit, count, err)
	}
}

// TestEstimateOfFreePorts: it is exact if none or all are taken, and as close as the sample
// allows otherwise.
func TestEstimateOfFreePorts(t *testing.T) {
	all := portsFrom(1, 20000)
	for _, c := range []struct{ taken, least, most int }{{0, 20000, 20000}, {20000, 0, 0}, {10000, 6000, 14000}} {
		got := estimateFree(all, func(port uint16) bool { return int(port) <= c.taken })
		if got < c.least || got > c.most {
			t.Errorf("%d of 20000 taken: %d free, want %d to %d", c.taken, got, c.least, c.most)
		}
	}
	if got := estimateFree(nil, func(uint16) bool { return false }); got != 0 {
		t.Errorf("%d of no ports are free", got)
	}
}

// TestFreePortsOfEitherFamily: a socket that is bound over one family takes its port from
// the other.
func TestFreePortsOfEitherFamily(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "[::]"} {
		listener, err := net.Listen("tcp", address+":0")
		if err != nil {
			t.Logf("%s: %v", address, err) // a machine without IPv6
			continue
		}
		defer listener.Close()
		port := []uint16{uint16(listener.Addr().(*net.TCPAddr).Port)}
		for _, testee := range []string{"127.0.0.1", "::1"} {
			if n := freePorts(port, netip.MustParseAddr(testee)); n != 0 {
				t.Errorf("%v is in use, and free for %s", listener.Addr(), testee)
			}
		}
	}
}

// bindPorts binds a socket to each port of a range, except those that are in use.
func bindPorts(t *testing.T, low, high int) {
	t.Helper()
	for port := low; port <= high; port++ {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port}); err != nil && !errors.Is(err, unix.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}
