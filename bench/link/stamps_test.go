package main

import (
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/stats"
)

// The testee of TestDelaysOfTheTestee waits that long before its response, its close frame
// and its FIN.
const (
	beforeResponse = 30 * time.Millisecond
	beforeClose    = 50 * time.Millisecond
	beforeFIN      = 70 * time.Millisecond
)

// pauses is how long a testee really waited before it sent each of the three, summed up
// over its connections.
type pauses struct {
	mu  sync.Mutex
	sum [3]time.Duration
}

// pause waits and adds what it took.
func (p *pauses) pause(which int, d time.Duration) {
	began := time.Now()
	time.Sleep(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum[which] += time.Since(began)
}

// slow starts a testee that waits before each answer.
func slow(t *testing.T, link *emulator.Link, waited *pauses) netip.AddrPort {
	t.Helper()
	return scripted(t, link, far4, func(p *peer) {
		response := p.request("")
		waited.pause(0, beforeResponse)
		p.say(response)
		p.closeFrame()
		waited.pause(1, beforeClose)
		p.say(closeFrame)
		waited.pause(2, beforeFIN)
	})
}

// putIn is the delay that link and testee put into each phase. No start is late.
func putIn(rtt time.Duration) [stats.PhaseLate]time.Duration {
	d := [stats.PhaseLate]time.Duration{
		stats.PhaseConnect: rtt, stats.PhaseOpen: rtt + beforeResponse,
		stats.PhaseClose: rtt + beforeClose, stats.PhaseFin: beforeFIN,
	}
	for p := range stats.PhaseTotal {
		d[stats.PhaseTotal] += d[p]
	}
	d[stats.PhaseReady] = d[stats.PhaseConnect] + d[stats.PhaseOpen]
	return d
}

// TestDelaysOfTheTestee: each phase holds a round trip and the testee's own delay, or for
// fin the delay alone, and none of the others'. The upper bound is on means, because the
// testee knows the sum of what its own pauses really were.
func TestDelaysOfTheTestee(t *testing.T) {
	const connections, rtt = 40, 10 * time.Millisecond
	link := network(t, emulator.Config{Delay: rtt / 2})
	var waited pauses
	o := run(t, link, slow(t, link, &waited), "--conns", strconv.Itoa(connections), "--low", "4", "--high", "4")
	o.checkAllSucceeded(t, connections)
	own := [stats.PhaseTotal]time.Duration{rtt, rtt + waited.sum[0]/connections, rtt + waited.sum[1]/connections, waited.sum[2] / connections}
	put := putIn(rtt)
	for p, want := range put[:stats.PhaseTotal] {
		h := o.Phases[p].Success
		least, mean := time.Duration(h.Min())*microsecond, time.Duration(h.Mean()*float64(microsecond))
		t.Logf("%v: %v at least, mean %v; link and testee: %v, %v", stats.Phase(p), least, mean, want, own[p])
		if low := leastOf(stats.Phase(p), want); least < low {
			t.Errorf("%v took %v, want %v or more", stats.Phase(p), least, low)
		}
		if mean > own[p]+leak {
			t.Errorf("%v took %v on average, but link and testee account for %v: another's delay is in it", stats.Phase(p), mean, own[p])
		}
	}
}

// leak is less than the smallest delay that could be in a phase to which it does not
// belong, a round trip of 10 ms.
const leak = 8 * time.Millisecond

// leastOf is what a phase takes at least. The histograms have 3 digits. Phase fin begins
// when the client has read the close frame, which can be later than it came, and so be
// too short by that: by half the testee's pause at most, or the machine is of no use.
func leastOf(p stats.Phase, putIn time.Duration) time.Duration {
	if p == stats.PhaseFin {
		return putIn / 2
	}
	return putIn - putIn/1000
}

// TestBusyLoopDoesNotLeakIntoConnect: with hundreds of connections in flight on one loop,
// connect is still a round trip: what a connection waits for its loop is in no phase
// that ended before.
func TestBusyLoopDoesNotLeakIntoConnect(t *testing.T) {
	const connections, rtt = 3000, 40 * time.Millisecond
	link := network(t, emulator.Config{Delay: rtt / 2})
	builtIn(t, link, far4)
	o := run(t, link, far4, "--conns", strconv.Itoa(connections), "--low", "250", "--high", "500")
	o.checkAllSucceeded(t, connections)
	truth := flows(link.Record())
	var onLink, found []time.Duration
	for _, f := range truth {
		onLink = append(onLink, f.phases[0])
	}
	for _, c := range o.connections {
		found = append(found, c.phase(stats.PhaseConnect))
	}
	// Not the median: another process on the client's CPU delays a whole burst.
	want, got := tenth(onLink), tenth(found)
	t.Logf("a tenth of the connections took at most %v to connect, on the link %v", got, want)
	if got < want-microsecond || got > want+rtt/4 {
		t.Errorf("a tenth of the connections took at most %v to connect, on the link %v", got, want)
	}
}

// tenth returns the first decile.
func tenth(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/10]
}
