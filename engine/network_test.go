//go:build !race

package engine

import (
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/bench/link/netns"
)

// The system calls of connections across a network, where nothing is established,
// acknowledged or answered at once: those of each connection; of each early write, which
// rests after maxMisses; and of each try to keep a socket, which rests too.
var (
	callsAcross      = strings.Fields("socket connect epoll_ctl sendto read sendto read close")
	callsOfEarlyMiss = strings.Fields("sendto")
	callsOfKeepMiss  = strings.Fields("shutdown shutdown")
	callsOfLoopThere = strings.Fields("getsockopt") // TCP timestamps, once
)

// TestSystemCallsAcrossANetwork traces a client whose testee is 40 ms away: a loop that waits
// for a CPU between two calls must not find the answer of the first one there.
func TestSystemCallsAcrossANetwork(t *testing.T) {
	text := traceAcross(t)
	checkCalls(t, callsOfLoop(text), repeated{clientConnections, callsAcross}, repeated{maxMisses, callsOfEarlyMiss},
		repeated{maxMisses, callsOfKeepMiss}, repeated{1, callsOfLoopThere})
	for pattern, want := range map[string]int{
		`connect(\(| resumed).* = -1 EINPROGRESS`: clientConnections, // no connection is established at once
		`sendto(\(| resumed).* = -1 EAGAIN`:       maxMisses,         // an early write is refused
		`shutdown(\(| resumed).* = 0`:             2 * maxMisses,     // a second one succeeds: our FIN is not acknowledged
		`TCP_NODELAY`:                             0,                 // the request is one segment
	} {
		if got := len(regexp.MustCompile(pattern).FindAllString(text, -1)); got != want {
			t.Errorf("%d calls %s, want %d", got, pattern, want)
		}
	}
}

// traceAcross traces a client at the near end of a link, with the built-in testee at the
// far end.
func traceAcross(t *testing.T) string {
	t.Helper()
	strace := straceOrSkip(t)
	link, err := emulator.New(emulator.Config{Delay: 20 * time.Millisecond})
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	addr := startTesteeOn(t, netip.AddrPortFrom(emulator.Far4.Addr(), 0).String(), func(c *exec.Cmd) error { return link.Far.Do(c.Start) })
	return traceRun(t, strace, clientRole+"="+addr, func(c *exec.Cmd) error { return link.Near.Do(c.Start) })
}
