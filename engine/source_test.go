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

// outsideRange is a testee's address whose port the tests' range leaves alone.
const outsideRange = "127.0.0.1:9000"

func loopbackSources(n int) (all []netip.Addr) {
	for i := range n {
		all = append(all, netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i)}))
	}
	return all
}

// TestSourcesHaveThePortsOfEach opens four times as many connections at once as
// an address has ports.
func TestSourcesHaveThePortsOfEach(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports, addresses = 200, 4
	setPortRange(t, ports)
	hall := newHall(ports * addresses)
	cfg := patient(t, scriptedOn(t, outsideRange, hall.visit), ports*addresses)
	cfg.Sources, cfg.Low, cfg.High = loopbackSources(addresses), ports*addresses, ports*addresses
	result := do(t, cfg)
	if result.Success != ports*addresses || result.Client.ShortageWaits != 0 {
		t.Errorf("%d successes of %d with %d waits, causes %v", result.Success, ports*addresses, result.Client.ShortageWaits, causes(result))
	}
	hall.mu.Lock()
	defer hall.mu.Unlock()
	for _, a := range cfg.Sources {
		if n := hall.from[a]; n != ports {
			t.Errorf("%d connections from %v, want %d", n, a, ports)
		}
	}
}

// hall is a testee that lets nobody go on before all have come.
type hall struct {
	mu    sync.Mutex
	seats int
	full  chan struct{}
	from  map[netip.Addr]int
}

func newHall(seats int) *hall {
	return &hall{seats: seats, full: make(chan struct{}), from: map[netip.Addr]int{}}
}

func (h *hall) visit(p *peer) {
	h.mu.Lock()
	h.from[p.RemoteAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort().Addr().Unmap()]++
	if h.seats--; h.seats == 0 {
		close(h.full)
	}
	h.mu.Unlock()
	<-h.full
	echoClose(p)
}

// TestSourceThatIsFullIsPassedOver: the others go on without a wait.
func TestSourceThatIsFullIsPassedOver(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports = 50
	setPortRange(t, ports)
	where := scriptedOn(t, outsideRange, func(p *peer) { echoClose(p) })
	for range ports { // all of the first source's, for that testee
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

func TestSourceThatIsNotThere(t *testing.T) {
	cfg := patient(t, "127.0.0.1:9", 1)
	cfg.Sources = append(loopbackSources(1), netip.MustParseAddr("192.0.2.1")) // RFC 5737: nobody's
	_, _, err := Prepare(cfg)
	if err == nil || !strings.Contains(err.Error(), "source address 192.0.2.1 is not on this machine") {
		t.Errorf("error %v, want one that names the address", err)
	}
}

// TestSourceThatGoesAwayAndComesBack: an address is removed in mid-run.
func TestSourceThatGoesAwayAndComesBack(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	ours := [4]byte{10, 9, 9, 1}
	addAddress(t, "lo:1", ours)
	cfg := impatient(t, scriptedOn(t, outsideRange, echoClose), 1e9)
	cfg.Sources = []netip.Addr{netip.AddrFrom4(ours)}
	result := doThrough(t, cfg, func(s scenes) {
		s.until(func(p Progress) bool { return p.Success > 100 })
		setInterface(t, "lo:1", 0)
		s.until(func(p Progress) bool { return p.Fail > 10 })
		addAddress(t, "lo:1", ours)
		before := s.now().Success
		s.until(func(p Progress) bool { return p.Success > before+100 })
	})
	if result.Causes[stats.CauseSource] == 0 || result.Client.ShortageWaits == 0 {
		t.Errorf("causes %v with %d waits: want client_source, after waits", causes(result), result.Client.ShortageWaits)
	}
}

// TestInterfaceThatGoesDownAndUp: the run goes on, and says what was wrong.
func TestInterfaceThatGoesDownAndUp(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cfg := impatient(t, scriptedOn(t, outsideRange, echoClose), 1e9)
	result := doThrough(t, cfg, func(s scenes) {
		s.until(func(p Progress) bool { return p.Success > 100 })
		setInterface(t, "lo", 0)
		s.until(func(p Progress) bool { return p.Fail > 10 })
		setInterface(t, "lo", unix.IFF_UP)
		before := s.now().Success
		s.until(func(p Progress) bool { return p.Success > before+100 })
	})
	for c := range causes(result) {
		if !mayComeOfLostPackets[c] {
			t.Errorf("cause %v, which a lost interface is no reason for", c)
		}
	}
}

var mayComeOfLostPackets = map[stats.Cause]bool{
	stats.CauseConnectUnreachable: true, stats.CauseConnectTimeout: true,
	stats.CauseOpenTimeout: true, stats.CauseCloseTimeout: true, stats.CauseInterrupted: true,
}

// scenes is a run that is under way, from outside.
type scenes struct {
	t   *testing.T
	run *Run
}

func (s scenes) now() Progress { return s.run.Progress() }

// until waits until the run has come that far.
func (s scenes) until(there func(Progress) bool) {
	for end := time.Now().Add(20 * time.Second); !there(s.now()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("nothing happens: %+v", s.now())
			return
		}
	}
}

// doThrough runs a configuration while the play goes on, and interrupts it then.
func doThrough(t *testing.T, cfg Config, play func(scenes)) *stats.Result {
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
	play(scenes{t, run})
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

// TestPortTablesAreForCrowds: memory is taken only where ports are to be chosen.
func TestPortTablesAreForCrowds(t *testing.T) {
	for _, c := range []struct {
		sources, slots int
		want           bool
	}{
		{1, 25, false}, {1, 26, true}, {4, 100, false}, {4, 101, true}, {maxPortTables, 1e6, true}, {maxPortTables + 1, 1e6, false},
	} {
		s := newSources(make([]*endpoint, c.sources), c.slots, newPorts(100, 199, 1, 0))
		for _, from := range s.all {
			if has := len(from.ports.ring) > 0; has != c.want || !has && from.ports.crowd < c.slots {
				t.Errorf("%d sources, %d slots: ports to choose from: %v, want %v; crowd %d", c.sources, c.slots, has, c.want, from.ports.crowd)
				break
			}
		}
	}
}

// TestSourcesRest: those that rest are passed over, in turn.
func TestSourcesRest(t *testing.T) {
	s := newSources(make([]*endpoint, 3), 1, newPorts(100, 200, 1, 0))
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
		t.Errorf("took %d for %v, want none, and why", i, s.lacked)
	}
}
