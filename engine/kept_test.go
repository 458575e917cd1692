package engine

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// keptRun runs a configuration and returns what its loop learned of its testee. Every connection must succeed.
func keptRun(t *testing.T, cfg Config) testee {
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
	return run.loops[0].testee
}

// TestSocketsAreKept looks at the ports of a few connections: each is a connection
// of its own to the testee.
func TestSocketsAreKept(t *testing.T) {
	addr, from := portRecorder(t, "127.0.0.1")
	cfg := patient(t, addr, 50)
	cfg.Low, cfg.High = 1, 1
	if got := keptRun(t, cfg); !got.timestamps || !got.keep.on() {
		t.Errorf("timestamps %v, %d misses: no socket was kept", got.timestamps, got.keep.misses)
	}
	var ports []uint16
	for range cfg.Connections {
		ports = append(ports, <-from)
	}
	slices.Sort(ports)
	if different := len(slices.Compact(ports)); different < 40 {
		t.Errorf("%d ports for 50 connections: want about as many, as for new sockets", different)
	}
}

// TestSocketsAreNotKept where the testee could take a SYN for an old one: without
// timestamps, and with so few ports that one can come again within the millisecond
// that they count in.
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
			if got.timestamps || got.keep.on() {
				t.Errorf("timestamps %v, %d misses: sockets were kept", got.timestamps, got.keep.misses)
			}
		})
	}
}

// TestKeptSocketsMeetTimeWait: ports are used again while the testee has them in
// TIME_WAIT, by other sockets and so with other sequence numbers.
func TestKeptSocketsMeetTimeWait(t *testing.T) {
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
	checkNoSYNLost(t)
}

// checkNoSYNLost asks the kernel (/proc/net/netstat, TCPSynRetrans), which in a
// network namespace of its own counts for nobody else.
func checkNoSYNLost(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/netstat")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	at := slices.Index(strings.Fields(lines[0]), "TCPSynRetrans")
	if n := strings.Fields(lines[1])[at]; n != "0" {
		t.Errorf("%s SYNs were sent again", n)
	}
}

// TestSocketsAreNotKeptBeforeTheLastACK: the testee's kernel drops what comes
// behind its FIN, so ours is not acknowledged. It must go on being sent, which
// is close(2)'s work. What happens now and then is no reason to give up.
func TestSocketsAreNotKeptBeforeTheLastACK(t *testing.T) {
	for name, c := range map[string]struct {
		deafEvery int64
		givenUp   bool
	}{
		"always":       {1, true},
		"now_and_then": {3, false},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			defer close(over)
			var count atomic.Int64
			cfg := patient(t, scripted(t, func(p *peer) {
				echoClose(p)
				if count.Add(1)%c.deafEvery == 0 {
					deafen(t, p)
				}
				_ = p.CloseWrite()
				<-over
			}), 30)
			cfg.Low, cfg.High = 1, 1
			if got := keptRun(t, cfg); !got.timestamps || (!got.keep.on()) != c.givenUp {
				t.Errorf("%d misses, want to have given up: %v", got.keep.misses, c.givenUp)
			}
		})
	}
}

// deafen has the kernel drop every segment for the testee's end (socket(7), SO_ATTACH_FILTER).
func deafen(t *testing.T, p *peer) {
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

// TestKeptSocketForgetsItsPort: the next connection's is for the kernel to choose.
func TestKeptSocketForgetsItsPort(t *testing.T) {
	l := loopByHand(t)
	l.testee.sources.all[0].ports = newPorts(51200, 51260, 1, 0)
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

// TestKeptSocketIsToldOfLateConnections: it was registered when the request had
// been written, and now it has not.
func TestKeptSocketIsToldOfLateConnections(t *testing.T) {
	l := loopByHand(t)
	kept := connect(t, l, 1).fd
	l.testee.early.giveUp() // the request is for epoll to ask for
	if again := connect(t, l, 1).fd; again != kept {
		t.Errorf("socket %d was used, want the kept %d", again, kept)
	}
}

// TestStaleEvents: one of a socket that is closed is not for the slot's next
// connection, one of a kept socket is.
func TestStaleEvents(t *testing.T) {
	l := loopByHand(t)
	s := connect(t, l, 1)
	event := s.event(unix.EPOLLRDHUP)
	before := s.generation
	if connect(t, l, 1); s.generation != before {
		t.Error("a kept socket's events are taken for stale")
	}
	l.closeFD(s)
	l.enter(l.slots.take(), stateFinishing, 0)
	if l.dispatch(&event); s.state != stateFinishing {
		t.Error("a stale event has ended a connection")
	}
	l.enter(s, stateFree, 0)
}

// TestIdleSocketsAreClosed: what a burst needed is given back when it is over.
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
		{2 * int64(keptFor), rest}, // needed all the time
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

// TestIdleSocketsThatAreNeededAfterAll: slots are taken before their sockets are closed.
func TestIdleSocketsThatAreNeededAfterAll(t *testing.T) {
	const burst = closesPerWait + 4
	l := loopByHand(t)
	connect(t, l, burst)
	l.closeIdle()
	l.nowNs = int64(keptFor)
	l.closeIdle()
	for range burst {
		l.start(l.clock())
	}
	l.closeIdle()
	l.handleUntilFree()
	if _, success, fail := l.rec.Counts(); success != 2*burst || fail != 0 {
		t.Errorf("%d successes and %d fails, want %d and none", success, fail, 2*burst)
	}
}

// handLoop is a loop whose steps the test makes. Its testee counts the connections that
// it has shut down: while its shutdown(2) is under way, our FIN is not acknowledged at
// once, and then the socket is rightly not kept.
type handLoop struct {
	*loop
	shut *atomic.Int64
	fins int64 // that were seen
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
		<-over // and touches the socket no more
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

// connect makes that many connections at once, to their end, and returns the
// slot that is next to be taken, with the socket kept in it.
func connect(t *testing.T, l *handLoop, count uint64) *slot {
	t.Helper()
	_, before, _ := l.rec.Counts()
	for range count {
		l.start(l.clock())
	}
	l.handleUntilFree()
	if _, success, _ := l.rec.Counts(); success != before+count {
		t.Fatalf("%d successes, want %d", success, before+count)
	}
	s := &l.slots.all[l.slots.free[len(l.slots.free)-1]]
	if s.fd == noFD {
		t.Fatal("the socket is not kept")
	}
	return s
}

func (l *handLoop) handleUntilFree() {
	for tries := 0; l.slots.open() > 0 && tries < 100; tries++ {
		for _, ev := range l.poller.wait(int64(maxSleep)) {
			l.awaitShutdown(&ev)
			l.dispatch(&ev)
		}
	}
}

// awaitShutdown waits until the testee's shutdown(2) has returned for every FIN seen.
func (l *handLoop) awaitShutdown(ev *unix.EpollEvent) {
	if ev.Events&unix.EPOLLRDHUP == 0 || l.slots.all[ev.Fd].state == stateFree {
		return
	}
	for l.fins++; l.shut.Load() < l.fins; {
		runtime.Gosched()
	}
}
