package engine

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// outsideRange is a testee's address whose port is outside of the range of setPortRange.
const outsideRange = "127.0.0.1:9000"

func loopbackSources(n int) (all []netip.Addr) {
	for i := range n {
		all = append(all, netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i)}))
	}
	return all
}

// TestEachSourceHasAllPorts opens four times as many connections at once as an address has
// ports, from four addresses.
func TestEachSourceHasAllPorts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports, addresses = 200, 4
	setPortRange(t, ports)
	barrier := newBarrier(ports * addresses)
	cfg := patient(t, scriptedOn(t, outsideRange, barrier.serve), ports*addresses)
	cfg.Sources, cfg.Low, cfg.High = loopbackSources(addresses), ports*addresses, ports*addresses
	result := do(t, cfg)
	if result.Success != ports*addresses || result.Client.ShortageWaits != 0 {
		t.Errorf("%d successes of %d with %d waits, causes %v", result.Success, ports*addresses, result.Client.ShortageWaits, causes(result))
	}
	barrier.mu.Lock()
	defer barrier.mu.Unlock()
	for _, a := range cfg.Sources {
		if n := barrier.from[a]; n != ports {
			t.Errorf("%d connections from %v, want %d", n, a, ports)
		}
	}
}

// barrier is a testee that answers no connection before all have arrived.
type barrier struct {
	mu      sync.Mutex
	missing int
	all     chan struct{} // closed when all have arrived
	from    map[netip.Addr]int
}

func newBarrier(missing int) *barrier {
	return &barrier{missing: missing, all: make(chan struct{}), from: map[netip.Addr]int{}}
}

func (b *barrier) serve(p *peer) {
	b.mu.Lock()
	b.from[p.RemoteAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort().Addr().Unmap()]++
	if b.missing--; b.missing == 0 {
		close(b.all)
	}
	b.mu.Unlock()
	<-b.all
	echoClose(p)
}

// TestSourceWithoutPortsIsSkipped: connections come from the other source without a wait.
func TestSourceWithoutPortsIsSkipped(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports = 50
	setPortRange(t, ports)
	where := scriptedOn(t, outsideRange, func(p *peer) { echoClose(p) })
	for range ports { // all ports of the first source for that testee
		occupy(t, loopbackSources(1)[0], where)
	}
	cfg := patient(t, where, 300)
	cfg.Sources = loopbackSources(2)
	result := do(t, cfg)
	if result.Success != 300 || result.Client.ShortageWaits != 0 {
		t.Errorf("%d successes of 300 with %d waits, causes %v", result.Success, result.Client.ShortageWaits, causes(result))
	}
}

// occupy holds a connection from that address until the test is over.
func occupy(t *testing.T, from netip.Addr, to string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	testee := netip.MustParseAddrPort(to)
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(testee.Port()), Addr: testee.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
}

func TestSourceOverIPv6(t *testing.T) {
	cfg := patient(t, scriptedOn(t, "[::1]:0", echoClose), 20)
	cfg.Sources = []netip.Addr{netip.IPv6Loopback()}
	if result := do(t, cfg); result.Success != 20 {
		t.Errorf("%d successes of 20, causes %v", result.Success, causes(result))
	}
}

func TestSourceNotOnThisMachine(t *testing.T) {
	cfg := patient(t, "127.0.0.1:9", 1)
	cfg.Sources = append(loopbackSources(1), netip.MustParseAddr("192.0.2.1")) // for documentation (RFC 5737)
	_, _, err := Prepare(cfg)
	if err == nil || !strings.Contains(err.Error(), "source address 192.0.2.1 is not on this machine") {
		t.Errorf("error %v, want one that names the address", err)
	}
}

// TestSourceRemovedAndAddedBack removes and restores a source address during a run.
func TestSourceRemovedAndAddedBack(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	ours := [4]byte{10, 9, 9, 1}
	addAddress(t, "lo:1", ours)
	cfg := impatient(t, scriptedOn(t, outsideRange, echoClose), 1e9)
	cfg.Sources = []netip.Addr{netip.AddrFrom4(ours)}
	result := doObserved(t, cfg, func(s observedRun) {
		s.until(func(p Progress) bool { return p.Success > 100 })
		setInterface(t, "lo:1", 0)
		s.until(func(p Progress) bool { return p.Fail > 10 })
		addAddress(t, "lo:1", ours)
		before := s.now().Success
		s.until(func(p Progress) bool { return p.Success > before+100 })
	})
	if result.Causes[stats.CauseSource] == 0 || result.Client.ShortageWaits == 0 {
		t.Errorf("causes %v with %d waits, want some client_source and some waits", causes(result), result.Client.ShortageWaits)
	}
}

// TestInterfaceDownAndUp: the run goes on, with the causes of a lost interface only.
func TestInterfaceDownAndUp(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cfg := impatient(t, scriptedOn(t, outsideRange, echoClose), 1e9)
	result := doObserved(t, cfg, func(s observedRun) {
		s.until(func(p Progress) bool { return p.Success > 100 })
		setInterface(t, "lo", 0)
		s.until(func(p Progress) bool { return p.Fail > 10 })
		setInterface(t, "lo", unix.IFF_UP)
		before := s.now().Success
		s.until(func(p Progress) bool { return p.Success > before+100 })
	})
	for c := range causes(result) {
		if !fromLostInterface[c] {
			t.Errorf("cause %v, which a lost interface cannot have", c)
		}
	}
}

// fromLostInterface are the causes that a lost interface can have, and that of the
// interrupt at the end.
var fromLostInterface = map[stats.Cause]bool{
	stats.CauseConnectUnreachable: true, stats.CauseConnectTimeout: true,
	stats.CauseOpenTimeout: true, stats.CauseCloseTimeout: true, stats.CauseInterrupted: true,
}

// observedRun is a run in progress that a test watches.
type observedRun struct {
	t   *testing.T
	run *Run
}

func (s observedRun) now() Progress { return s.run.Progress() }

// until waits until reached reports true, or fails the test after 20 seconds.
func (s observedRun) until(reached func(Progress) bool) {
	for end := time.Now().Add(20 * time.Second); !reached(s.now()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("the run does not get there within 20 s: %+v", s.now())
			return
		}
	}
}

// doObserved runs a configuration while f runs, and interrupts it when f returns.
func doObserved(t *testing.T, cfg Config, f func(observedRun)) *stats.Result {
	t.Helper()
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var result *stats.Result
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err = run.Do(ctx)
	}()
	f(observedRun{t, run})
	cancel()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range run.loops {
		checkNothingHeld(t, l)
	}
	return result
}

// TestPortTablesOnlyIfNeeded: sources have tables of ports only if the loop may choose
// ports.
func TestPortTablesOnlyIfNeeded(t *testing.T) {
	for _, c := range []struct {
		sources, slots int
		want           bool
	}{
		{1, 25, false}, {1, 26, true}, {4, 100, false}, {4, 101, true}, {maxPortTables, 1e6, true}, {maxPortTables + 1, 1e6, false},
	} {
		s := newSources(make([]*endpoint, c.sources), c.slots, newPorts(portsFrom(100, 199), 1, 0))
		for _, from := range s.all {
			if has := len(from.ports.ring) > 0; has != c.want || !has && from.ports.crowd < c.slots {
				t.Errorf("%d sources, %d slots: ports to choose from: %v, want %v; crowd %d", c.sources, c.slots, has, c.want, from.ports.crowd)
				break
			}
		}
	}
}

// TestRestingSourcesAreSkipped: the others are taken round robin.
func TestRestingSourcesAreSkipped(t *testing.T) {
	s := newSources(make([]*endpoint, 3), 1, newPorts(portsFrom(100, 200), 1, 0))
	s.rest(1, 50, stats.CausePortsExhausted)
	var got []int32
	for range 4 {
		got = append(got, s.next(49))
	}
	got = append(got, s.next(50), s.next(50))
	if want := []int32{0, 2, 0, 2, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	for i := range s.all {
		s.rest(int32(i), 100, stats.CauseSource)
	}
	if i := s.next(99); i != noSource || s.lacked != stats.CauseSource {
		t.Errorf("took source %d, cause %v; want none, %v", i, s.lacked, stats.CauseSource)
	}
}
