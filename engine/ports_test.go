package engine

import (
	"math"
	"net"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

func portsFrom(low, high uint16) []uint16 {
	return slices.Collect(host.Ports{PortRange: host.PortRange{Low: low, High: high}}.All())
}

func TestPortSharesAreDisjoint(t *testing.T) {
	var all []uint16
	for i := range 3 {
		p := newPorts(portsFrom(100, 110), 3, i)
		all = append(all, p.ring...)
	}
	slices.Sort(all)
	if want := []uint16{100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110}; !slices.Equal(all, want) {
		t.Errorf("shares %v, want each of %v once", all, want)
	}
}

func TestLongestFreePortIsTakenFirst(t *testing.T) {
	p := newPorts(portsFrom(10, 12), 1, 0)
	if a, b := p.take(), p.take(); a != 10 || b != 11 {
		t.Fatalf("took %d and %d, want 10 and 11", a, b)
	}
	p.give(11)
	p.give(10)
	var got []uint16
	for range 4 {
		got = append(got, p.take())
	}
	if want := []uint16{12, 11, 10, 0}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v: the longest free first, 0 if none is left", got, want)
	}
	if p := newPorts(portsFrom(65535, 65535), 1, 0); p.take() != 65535 {
		t.Error("port 65535 is missing")
	}
}

// TestChosenPorts: a loop that chooses ports skips those that other sockets use, over IPv4
// and IPv6.
func TestChosenPorts(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "[::1]"} {
		t.Run(address, func(t *testing.T) {
			taken, err := net.Listen("tcp", address+":0")
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			testee, ports := portRecorder(t, address)
			cfg := patient(t, testee, 50)
			run, _, err := Prepare(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			l := run.loops[0]
			mine := newPorts(portsFrom(51100, 51160), 1, 0).ring // more ports than connections
			own := &l.testee.sources.all[0].ports
			own.ring = append([]uint16{uint16(taken.Addr().(*net.TCPAddr).Port)}, mine...)
			own.count, own.first, own.crowd = len(own.ring), 0, 0
			result, err := run.Do(t.Context())
			if err != nil || result.Success != 50 {
				t.Fatalf("%d successes of 50: %v", result.Success, err)
			}
			checkNothingHeld(t, l)
			if own.count != len(own.ring) {
				t.Errorf("%d ports of %d were given back", own.count, len(own.ring))
			}
			for range 50 {
				if p := <-ports; !slices.Contains(mine, p) {
					t.Errorf("a connection came from port %d, want one of %v", p, mine)
				}
			}
		})
	}
}

// TestSelfConnect: nobody listens, and the only source port is the testee's, so the
// connection is established with itself. It needs a network namespace of its own: a port
// that another test's testee had may be bound in TIME_WAIT, and connect(2) skips it.
func TestSelfConnect(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	for _, address := range []string{"127.0.0.1", "[::1]"} {
		t.Run(address, func(t *testing.T) {
			listener, err := net.Listen("tcp", address+":0")
			if err != nil {
				t.Fatal(err)
			}
			testee := listener.Addr().(*net.TCPAddr)
			listener.Close()
			cfg := patient(t, testee.String(), 1)
			cfg.Samples = 1
			run, _, err := Prepare(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			run.loops[0].testee.sources.all[0].ports = ports{ring: []uint16{uint16(testee.Port)}, count: 1}
			result, err := run.Do(t.Context())
			if err != nil || result.Causes[stats.CauseConnectRefused] != 1 {
				t.Errorf("causes %v, want connect_refused: %v", causes(result), err)
			}
			if connected := result.Phases[stats.PhaseConnect].Failure.TotalCount(); connected != 1 {
				t.Errorf("%d connections were established, want 1 self-connect", connected)
			}
		})
	}
}

// portRecorder starts a testee that sends the source port of each connection to a channel.
func portRecorder(t *testing.T, address string) (addr string, from <-chan uint16) {
	t.Helper()
	ports := make(chan uint16, 100)
	return scriptedOn(t, address+":0", func(p *peer) {
		ports <- uint16(p.RemoteAddr().(*net.TCPAddr).Port)
		echoClose(p)
	}), ports
}

func TestKernelWithoutPortRangeOption(t *testing.T) {
	cfg := validConfig(t, "127.0.0.1:9")
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0) // has no IP options
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	s := l.slots.take()
	s.fd = int32(pair[0])
	own := newPorts(portsFrom(50000, 50009), 1, 0)
	if l.connectFromChosenPort(s, &own) || s.port != 0 || own.count != 10 || own.crowd != math.MaxInt {
		t.Errorf("port %d, %d of 10 free, crowd %d: want the kernel to choose from now on", s.port, own.count, own.crowd)
	}
}

// TestOnlyPortInUseTriesAnother: after an error other than a port in use, no other port is
// tried. connect(2) refuses the broadcast address without sending anything.
func TestOnlyPortInUseTriesAnother(t *testing.T) {
	run, _, err := Prepare(validConfig(t, "255.255.255.255:9"))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	s := l.slots.take()
	fd, errno := openSocket(l.testee.addr.family)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer closeSocket(fd)
	s.fd = fd
	own := newPorts(portsFrom(50000, 50009), 1, 0)
	if l.connectFromChosenPort(s, &own) || own.first != 1 || own.count != 10 {
		t.Errorf("%d ports tried, %d of 10 free; want 1 tried and all free", own.first, own.count)
	}
}
