package engine

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// renewed runs a configuration and returns what its loop learned of keeping
// sockets. Every connection must succeed.
func renewed(t *testing.T, cfg Config) renewals {
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
	return run.loops[0].renewals
}

// TestSocketsAreKept looks at the ports and the sequence of a few connections:
// each is a connection of its own to the testee.
func TestSocketsAreKept(t *testing.T) {
	addr, from := portRecorder(t, "127.0.0.1")
	cfg := patient(t, addr, 50)
	cfg.Low, cfg.High = 1, 1
	if got := renewed(t, cfg); !got.timestamps || got.misses == maxRenewMisses {
		t.Errorf("timestamps %v, %d misses: no socket was kept", got.timestamps, got.misses)
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
// timestamps, and with so few ports that one comes again within the millisecond
// that they count in. The ports are all used while the testee has them in TIME_WAIT.
func TestSocketsAreNotKept(t *testing.T) {
	for name, least := range map[string]struct {
		ports      int
		timestamps string
	}{
		"no timestamps": {leastPortsToRenew, "0"},
		"few ports":     {leastPortsToRenew - 1, "1"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if !inNamespace(t) {
				return
			}
			if err := os.WriteFile("/proc/sys/net/ipv4/tcp_timestamps", []byte(least.timestamps), 0); err != nil {
				t.Fatal(err)
			}
			setPortRange(t, least.ports)
			got := renewed(t, patient(t, scriptedOn(t, outsideRange, echoClose), 100))
			if got.timestamps || got.misses != maxRenewMisses {
				t.Errorf("timestamps %v, %d misses: sockets were kept", got.timestamps, got.misses)
			}
			checkNoSYNLost(t)
		})
	}
}

// TestKeptSocketsMeetTimeWait: ports are used again while the testee has them in
// TIME_WAIT, by other sockets and so with other sequence numbers.
func TestKeptSocketsMeetTimeWait(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	setPortRange(t, leastPortsToRenew)
	cfg := patient(t, startTestee(t), 2*leastPortsToRenew)
	cfg.Low, cfg.High = 64, 64
	got := renewed(t, cfg)
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
			if got := renewed(t, cfg); !got.timestamps || (got.misses == maxRenewMisses) != c.givenUp {
				t.Errorf("%d misses, want to have given up: %v", got.misses, c.givenUp)
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
	l := loopOfOneSlot(t)
	l.sources.all[0].ports = newPorts(51200, 51260, 1, 0)
	l.sources.all[0].ports.crowd = 0
	s := connectOnce(t, l)
	bounds, err := unix.GetsockoptInt(int(s.fd), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE)
	if errors.Is(err, unix.ENOPROTOOPT) {
		t.Skip("SKIPPED: this kernel chooses ports by itself (before Linux 6.3)")
	}
	if err != nil || bounds != 0 {
		t.Errorf("the kept socket is bound to ports %x: %v", bounds, err)
	}
}

// TestKeptSocketIsToldOfLateConnections: it was registered when the request had
// been written, and now it has not.
func TestKeptSocketIsToldOfLateConnections(t *testing.T) {
	l := loopOfOneSlot(t)
	kept := connectOnce(t, l).fd
	l.earlyMisses = maxEarlyMisses // the request is for epoll to ask for
	if again := connectOnce(t, l).fd; again != kept {
		t.Errorf("socket %d was used, want the kept %d", again, kept)
	}
}

// loopOfOneSlot is a loop for connectOnce.
func loopOfOneSlot(t *testing.T) *loop {
	t.Helper()
	cfg := patient(t, scripted(t, echoClose), 10)
	cfg.Low, cfg.High = 1, 1
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	l := run.loops[0]
	l.baseline = time.Now()
	t.Cleanup(l.closeKept)
	return l
}

// connectOnce makes a connection to its end, and returns its slot with the
// socket kept in it.
func connectOnce(t *testing.T, l *loop) *slot {
	t.Helper()
	_, before, _ := l.rec.Counts()
	l.start()
	for tries := 0; l.slots.open() > 0 && tries < 100; tries++ {
		for _, ev := range l.poller.wait(maxWaitMs) {
			l.dispatch(&ev)
		}
	}
	s := &l.slots.all[0]
	if _, success, _ := l.rec.Counts(); success != before+1 || s.fd == noFD {
		t.Fatalf("%d successes, want %d, socket %d: the connection has not come to its end, or its socket is not kept", success, before+1, s.fd)
	}
	return s
}
