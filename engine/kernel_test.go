package engine

import (
	"bytes"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
	"wsperf/stats/report"
)

// TestObserversAllocateNothing takes samples as a run does in the measured window.
func TestObserversAllocateNothing(t *testing.T) {
	run, _, err := Prepare(validConfig(t, scripted(t, (*peer).silence)))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	before := descriptors(t)
	all := run.observers()
	all.begin()
	for _, o := range all {
		if n := testing.AllocsPerRun(20, o.sample); n != 0 {
			t.Errorf("a sample of %T takes %v allocations", o, n)
		}
	}
	for _, o := range all {
		o.end()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// testeeBacklog is short, and half of the connections find the accept queue full.
const testeeBacklog = 8

// TestFullAcceptQueue runs against a testee that accepts nothing until the kernel has sent a
// SYN again. In the network namespace of this test nothing else is counted.
func TestFullAcceptQueue(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const connections, refused = 40, 40 - testeeBacklog - 1
	cfg := patient(t, slowToAccept(t, func() bool { return kernelCounts()[stats.TCPSynRetrans] > 0 }), connections)
	cfg.Low, cfg.High = connections, connections
	r := do(t, cfg)
	if r.Success != connections {
		t.Fatalf("%d successes, causes %v", r.Success, causes(r))
	}
	k := r.Kernel[0]
	for _, c := range []stats.KernelCounter{stats.ListenOverflows, stats.ListenDrops, stats.TCPSynRetrans, stats.RetransSegs} {
		// Each connection lost one SYN at least, and was established after a few.
		if n := k.Counters[c]; n < refused || n > 10*refused {
			t.Errorf("%s %d, want %d or a few times that", c.Name(), n, refused)
		}
	}
	if q := k.AcceptQueue; q.Longest != testeeBacklog+1 || q.Backlog != testeeBacklog || !q.Full() {
		t.Errorf("accept queue %+v, want a full one of backlog %d", q, testeeBacklog)
	}
	if k.Namespace != host.NetworkNamespace() || k.Namespace == namespaceOf(t, os.Getppid()) {
		t.Errorf("network namespace %d", k.Namespace)
	}
	checkLostSYNs(t, r, refused)
}

func checkLostSYNs(t *testing.T, r *stats.Result, want uint64) {
	t.Helper()
	if r.Client.Stalls > 0 {
		t.Skip("the loop stalled: connections took longer than their SYN")
	}
	var n uint64
	for _, lost := range r.LostSYNs() {
		n += lost.Connections
	}
	if n != want {
		t.Errorf("%d connections lost a SYN, want %d: %+v", n, want, r.LostSYNs())
	}
	var text bytes.Buffer
	if err := report.Text(&text, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" ListenOverflows ", " TCPSynRetrans ", "  Lost SYN  ", "  Queue     9 connections waited"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

// slowToAccept starts a testee that accepts connections once ready returns true.
func slowToAccept(t *testing.T, ready func() bool) (addr string) {
	t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	raw, err := listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if e := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), testeeBacklog) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	go func() {
		for !ready() {
			time.Sleep(10 * time.Millisecond)
		}
		for {
			c, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				p := newPeer(c)
				p.open("")
				p.closeFrame()
				p.say("\x88\x02\x03\xe8")
			}()
		}
	}()
	return listener.Addr().String()
}

// namespaceOf returns the network namespace of a process.
func namespaceOf(t *testing.T, pid int) uint64 {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(pid)+"/ns/net", &s); err != nil {
		t.Fatal(err)
	}
	return s.Ino
}

// TestQuietKernel counts in a network namespace in which nothing else happens.
func TestQuietKernel(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cfg := patient(t, startTestee(t), 200)
	r := do(t, cfg)
	k := r.Kernel[0]
	for c, n := range k.Counters {
		if c := stats.KernelCounter(c); n != 0 && !c.Usual() {
			t.Errorf("%s %d", c.Name(), n)
		}
	}
	if n := k.Counters[stats.TW]; n != 200 {
		t.Errorf("%d connections entered TIME_WAIT, want 200", n)
	}
	if k.AcceptQueue.Backlog == 0 || k.AcceptQueue.Full() {
		t.Errorf("accept queue %+v", k.AcceptQueue)
	}
}
