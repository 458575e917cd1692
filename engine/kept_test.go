package engine

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// keptRun runs a configuration of one loop, whose connections must all succeed. It
// returns the loop's testee, which tells whether sockets were kept. A test that wants them kept is
// in a network namespace of its own: beside it, others may have taken too many ports.
func keptRun(t *testing.T, cfg Config) testee {
	t.Helper()
	return loopAfter(t, cfg).testee
}

// loopAfter returns the loop of such a run.
func loopAfter(t *testing.T, cfg Config) *loop {
	t.Helper()
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	result, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkNothingHeld(t, run.loops[0])
	if result.Success != uint64(cfg.Connections) || result.Fin.Received != uint64(cfg.Connections) {
		t.Errorf("%d successes and %d FINs of %d, causes %v", result.Success, result.Fin.Received, cfg.Connections, causes(result))
	}
	return run.loops[0]
}

// TestSocketsAreKept checks that kept sockets use different ports, so that their
// connections are as new to the testee as those of new sockets.
func TestSocketsAreKept(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	addr, from := portRecorder(t, "127.0.0.1")
	cfg := patient(t, addr, 50)
	cfg.Low, cfg.High = 1, 1
	l := loopAfter(t, cfg)
	var sockets uint32 // that were closed: none is open after the run
	for i := range l.slots.used {
		sockets += l.slots.all[i].generation
	}
	if sockets >= uint32(cfg.Connections) {
		t.Errorf("%d sockets for %d connections in %d slots: none was kept", sockets, cfg.Connections, l.slots.used)
	}
	var ports []uint16
	for range cfg.Connections {
		ports = append(ports, <-from)
	}
	slices.Sort(ports)
	if different := len(slices.Compact(ports)); different < 40 {
		t.Errorf("%d different ports for 50 connections, want at least 40, as with new sockets", different)
	}
}

// TestSocketsAreNotKept if the testee could take a SYN for an old duplicate: without TCP
// timestamps, or with so few ports that one is reused within a millisecond, the unit of
// the timestamps.
func TestSocketsAreNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		ports      int
		timestamps string
	}{
		"no_timestamps": {leastPortsToKeep, "0"},
		"few_ports":     {leastPortsToKeep - 1, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			if !inNamespace(t) {
				return
			}
			if err := os.WriteFile("/proc/sys/net/ipv4/tcp_timestamps", []byte(c.timestamps), 0); err != nil {
				t.Fatal(err)
			}
			setPortRange(t, c.ports)
			got := keptRun(t, patient(t, scriptedOn(t, outsideRange, echoClose), 100))
			if got.timestamps || got.keep.uses > 0 {
				t.Errorf("timestamps %v, %d sockets were kept", got.timestamps, got.keep.uses)
			}
		})
	}
}

// TestKeptSocketsMeetTimeWait reuses ports that the testee has in TIME_WAIT, from other
// sockets and so with unrelated sequence numbers.
func TestKeptSocketsMeetTimeWait(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it makes 32768 connections")
	}
	if !inNamespace(t) {
		return
	}
	setPortRange(t, leastPortsToKeep)
	cfg := patient(t, startTestee(t), 2*leastPortsToKeep)
	cfg.Low, cfg.High = 64, 64
	got := keptRun(t, cfg)
	if !got.timestamps {
		t.Error("no socket was kept")
	}
	checkSYNsLost(t, cfg.Connections)
}

// checkSYNsLost fails if more than one SYN in 100 was retransmitted. An old duplicate, which
// is what a kept socket's SYN looks like if its port is reused too soon, costs one in 8. A few
// are lost on a busy machine whether sockets are kept or not: the kernel hands out the port
// freed last, and its SYN meets a connection whose FIN the testee has not processed. In a
// network namespace of its own, the kernel counts only this test's connections.
func checkSYNsLost(t *testing.T, connections int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/net/netstat")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	at := slices.Index(strings.Fields(lines[0]), "TCPSynRetrans")
	lost, err := strconv.ParseInt(strings.Fields(lines[1])[at], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if lost > connections/100 {
		t.Errorf("%d SYNs of %d connections were retransmitted", lost, connections)
	}
	t.Logf("%d SYNs were retransmitted", lost)
}

// TestSocketsAreNotKeptBeforeTheLastACK: for a third of the connections the testee's kernel
// drops all segments after its FIN, so ours is not acknowledged. It must be retransmitted,
// so the socket is closed by close(2), and the loop goes on keeping sockets.
// TestSystemCallsAcrossANetwork has the network on which no FIN is acknowledged at once.
func TestSocketsAreNotKeptBeforeTheLastACK(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const dropEvery = 3
	over := make(chan struct{})
	defer close(over)
	var count atomic.Int64
	cfg := patient(t, scripted(t, func(p *peer) {
		echoClose(p)
		if count.Add(1)%dropEvery == 0 {
			dropSegments(t, p)
		}
		_ = p.CloseWrite()
		<-over
	}), 30)
	cfg.Low, cfg.High = 1, 1
	if got := keptRun(t, cfg); !got.timestamps || got.keep.uses == 0 {
		t.Errorf("timestamps %v, %d sockets kept; want both", got.timestamps, got.keep.uses)
	}
}

// dropSegments has the kernel drop every segment for the testee's end (socket(7),
// SO_ATTACH_FILTER).
func dropSegments(t *testing.T, p *peer) {
	raw, err := p.SyscallConn()
	if err != nil {
		t.Error(err)
		return
	}
	dropAll := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	program := unix.SockFprog{Len: uint16(len(dropAll)), Filter: &dropAll[0]}
	if outer := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program)
	}); outer != nil || err != nil {
		t.Error(outer, err)
	}
}

// TestKeptSocketHasNoPort: the kernel may choose any port for its next connection.
func TestKeptSocketHasNoPort(t *testing.T) {
	l := loopByHand(t)
	l.testee.sources.all[0].ports = newPorts(portsFrom(51200, 51260), 1, 0)
	l.testee.sources.all[0].ports.crowd = 0
	s := connect(t, l, 1)
	bounds, err := unix.GetsockoptInt(int(s.fd), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE)
	if errors.Is(err, unix.ENOPROTOOPT) {
		t.Skip("this kernel has no IP_LOCAL_PORT_RANGE: Linux 6.3 or later is needed")
	}
	if err != nil || bounds != 0 {
		t.Errorf("the kept socket is bound to ports %x: %v", bounds, err)
	}
}

// TestKeptSocketWithoutEarlyWrite: the socket was registered when its request had been
// written already. Its next connection needs EPOLLOUT for the request.
func TestKeptSocketWithoutEarlyWrite(t *testing.T) {
	l := loopByHand(t)
	kept := connect(t, l, 1).fd
	l.testee.early.bar() // the request waits for EPOLLOUT
	if again := connect(t, l, 1).fd; again != kept {
		t.Errorf("socket %d was used, want the kept socket %d", again, kept)
	}
}

// TestStaleEvents checks that an event of a closed socket does not reach the slot's next
// connection, and that events of a kept socket are not stale.
func TestStaleEvents(t *testing.T) {
	l := loopByHand(t)
	s := connect(t, l, 1)
	event := s.event(unix.EPOLLRDHUP)
	before := s.generation
	if connect(t, l, 1); s.generation != before {
		t.Error("events of a kept socket are stale")
	}
	l.closeFD(s)
	l.enter(l.slots.take(), stateFinishing, 0)
	if l.dispatch(&event); s.state != stateFinishing {
		t.Error("a stale event ended a connection")
	}
	l.enter(s, stateFree, 0)
}

// TestIdleSocketsAreClosed checks that the sockets of a burst are closed after it.
func TestIdleSocketsAreClosed(t *testing.T) {
	const burst, rest = closesPerWait + 4, 2 // connections at once
	l := loopByHand(t)
	connect(t, l, burst)
	l.closeIdle()
	for _, c := range []struct {
		nowNs int64
		want  int
	}{
		{int64(keptFor) - 1, burst}, // not idle for long
		{int64(keptFor), burst - closesPerWait},
		{int64(keptFor), rest},
		{2 * int64(keptFor), rest}, // in use all the time
		{3 * int64(keptFor), rest},
	} {
		connect(t, l, rest)
		l.nowNs = c.nowNs
		l.closeIdle()
		kept := 0
		for _, s := range l.slots.all[:l.slots.used] {
			if s.fd != noFD {
				kept++
			}
		}
		if kept != c.want {
			t.Errorf("at %d ns %d sockets are kept, want %d", c.nowNs, kept, c.want)
		}
	}
}

// TestIdleSocketsReusedBeforeClose: slots are taken again before closeIdle reaches their
// sockets.
func TestIdleSocketsReusedBeforeClose(t *testing.T) {
	const burst = closesPerWait + 4
	l := loopByHand(t)
	connect(t, l, burst)
	l.closeIdle()
	l.nowNs = int64(keptFor)
	l.closeIdle()
	for range burst {
		startNow(l.loop)
	}
	l.closeIdle()
	l.handleUntilFree()
	if _, success, fail := l.rec.Counts(); success != 2*burst || fail != 0 {
		t.Errorf("%d successes and %d fails, want %d and none", success, fail, 2*burst)
	}
}

// handLoop is a loop that the test drives step by step. Its testee counts the connections
// that it has shut down: our FIN is not acknowledged at once while the testee's
// shutdown(2) is still running, and then the socket is rightly not kept.
type handLoop struct {
	*loop
	shut *atomic.Int64
	fins int64 // FINs received
}

func loopByHand(t *testing.T) *handLoop {
	t.Helper()
	var shut atomic.Int64
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	run, _, err := Prepare(patient(t, scripted(t, func(p *peer) {
		echoClose(p)
		_ = p.CloseWrite()
		shut.Add(1)
		<-over // leaves the socket alone until the test is over
	}), 100))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	l := &handLoop{loop: run.loops[0], shut: &shut}
	l.baseline = time.Now()
	t.Cleanup(l.closeKept)
	return l
}

// connect makes that many connections at once and waits until all have ended. It returns
// the slot that is taken next, with the socket kept in it.
func connect(t *testing.T, l *handLoop, count uint64) *slot {
	t.Helper()
	connectOnly(t, l, count)
	s := &l.slots.all[l.slots.free[len(l.slots.free)-1]]
	if s.fd == noFD {
		t.Fatal("the socket is not kept")
	}
	return s
}

func connectOnly(t *testing.T, l *handLoop, count uint64) {
	t.Helper()
	_, before, _ := l.rec.Counts()
	for range count {
		startNow(l.loop)
	}
	l.handleUntilFree()
	if _, success, _ := l.rec.Counts(); success != before+count {
		t.Fatalf("%d successes, want %d", success, before+count)
	}
}

func (l *handLoop) handleUntilFree() {
	for tries := 0; l.slots.open() > 0 && tries < 100; tries++ {
		for _, ev := range l.poller.wait(int64(maxSleep)) {
			l.awaitShutdown(&ev)
			l.dispatch(&ev)
		}
	}
}

// awaitShutdown waits until the testee's shutdown(2) has returned for every FIN received.
func (l *handLoop) awaitShutdown(ev *unix.EpollEvent) {
	if ev.Events&unix.EPOLLRDHUP == 0 || l.slots.all[ev.Fd].state == stateFree {
		return
	}
	for l.fins++; l.shut.Load() < l.fins; {
		runtime.Gosched()
	}
}
