package main

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/stats"
)

// TestLoss: no connection fails, and each one that lost a SYN or SYN-ACK is visible in
// phase connect, whose retransmission comes after a second (RFC 6298 section 2).
func TestLoss(t *testing.T) {
	const connections = 500
	link := network(t, emulator.Config{Delay: time.Millisecond, Loss: 0.01, Seed: 1})
	builtIn(t, link, far4)
	o := run(t, link, far4, "--conns", strconv.Itoa(connections), "--low", "100", "--high", "100")
	o.checkAllSucceeded(t, connections)
	retried := 0
	for _, f := range flows(link.Record()) {
		if f.lost > 0 {
			retried++
		}
	}
	if retried == 0 {
		t.Error("no SYN was lost: the test shows nothing")
	}
	if late := countFrom(o, stats.PhaseConnect, time.Second); late != retried {
		t.Errorf("%d connections took a second or more to connect, want the %d whose SYN or SYN-ACK was lost", late, retried)
	}
}

// countFrom counts the connections whose phase lasted at least that long.
func countFrom(o outcome, p stats.Phase, least time.Duration) (n int) {
	for _, c := range o.connections {
		if c.phase(p) >= least {
			n++
		}
	}
	return n
}

// TestSmallMTU: with segments of 536 bytes, request and response of 4 kB take 8 each.
func TestSmallMTU(t *testing.T) {
	const connections, kilobytes4 = 20, 4096
	link := network(t, emulator.Config{Delay: 5 * time.Millisecond, MTU: 576})
	far := scripted(t, link, far4, func(p *peer) { p.open("X-Padding: " + strings.Repeat("x", kilobytes4) + "\r\n"); p.close() })
	o := run(t, link, far, "--conns", strconv.Itoa(connections), "--low", "5", "--high", "5", "--header", "X-Padding: "+strings.Repeat("y", kilobytes4))
	o.checkAllSucceeded(t, connections)
	for _, f := range flows(link.Record()) {
		if len(f.near) < 9 || len(f.far) < 9 {
			t.Errorf("%d segments to the testee and %d from it, want 9 or more each", len(f.near), len(f.far))
		}
		// All nine are within the initial window (RFC 6928), so they go out at once. Nagle's
		// algorithm could hold the last one back (RFC 9293 section 3.7.4); Linux does not,
		// even without TCP_NODELAY, if the segments before it are full (tcp_minshall_check
		// in net/ipv4/tcp_output.c).
		if waited := f.near[8] - f.near[0]; waited >= 10*time.Millisecond {
			t.Errorf("the request's last segment came %v after its first one, a round trip or more", waited)
		}
	}
}

// TestSlowLink: at 10 Mbit/s the link is the bound, and nothing fails.
func TestSlowLink(t *testing.T) {
	const connections, rate = 500, 10_000_000
	link := network(t, emulator.Config{Delay: time.Millisecond, Rate: rate, Queue: 1 << 20})
	far := scripted(t, link, far4, func(p *peer) { p.open("X-Padding: " + strings.Repeat("x", 4000) + "\r\n"); p.close() })
	o := run(t, link, far, "--conns", strconv.Itoa(connections), "--low", "100", "--high", "100")
	o.checkAllSucceeded(t, connections)
	const bits = connections * 4000 * 8
	if least := time.Duration(float64(bits) / rate * float64(time.Second)); o.Duration() < least {
		t.Errorf("the run took %v, want %v or more: the responses are %d bits", o.Duration(), least, bits)
	}
}

// TestCutLink: a run whose link is cut for 3 s fails no connection with the default
// timeouts, and counts each once.
func TestCutLink(t *testing.T) {
	if testing.Short() {
		t.Skip("5 s: run without -short")
	}
	link := network(t, emulator.Config{Delay: 5 * time.Millisecond})
	builtIn(t, link, far4)
	c := cut{at: time.Second, lasts: 3 * time.Second}
	defer c.schedule(link)()
	o := run(t, link, far4, "--duration", "2s", "--low", "20", "--high", "20")
	o.checkAllSucceeded(t, int(o.Total))
	dropped := 0
	for _, p := range link.Record() {
		if p.Fate == emulator.Cut {
			dropped++
		}
	}
	if dropped == 0 {
		t.Error("no packet met the cut: the test shows nothing")
	}
	if truth := len(flows(link.Record())); truth != int(o.Total) {
		t.Errorf("%d connections, the link saw %d", o.Total, truth)
	}
	if longest := time.Duration(o.Phases[stats.PhaseTotal].Success.Max()) * microsecond; longest < 2*time.Second {
		t.Errorf("the longest connection took %v, want those of the cut to last until its end", longest)
	}
}

// TestUnreachable: ICMP answers make connect_unreachable, after a round trip.
func TestUnreachable(t *testing.T) {
	const connections, rtt = 20, 10 * time.Millisecond
	nobody := []netip.Addr{netip.MustParseAddr("10.99.0.66"), netip.MustParseAddr("fd99::66")}
	link := network(t, emulator.Config{Delay: rtt / 2, Unreachable: nobody})
	for _, address := range nobody {
		o := runFailing(t, link, netip.AddrPortFrom(address, port), "--conns", strconv.Itoa(connections), "--low", "4", "--high", "4")
		if n := o.Causes[stats.CauseConnectUnreachable]; n != connections || o.Fail != connections {
			t.Errorf("%v: %d connect_unreachable of %d fails, want %d", address, n, o.Fail, connections)
		}
		if least := time.Duration(o.Phases[stats.PhaseTotal].Failure.Min()) * microsecond; least < rtt {
			t.Errorf("%v: failed after %v, want a round trip of %v or more", address, least, rtt)
		}
	}
}

// TestIPv6 makes connections over IPv6, with truthful phases.
func TestIPv6(t *testing.T) {
	const connections, rtt = 50, 20 * time.Millisecond
	link := network(t, emulator.Config{Delay: rtt / 2})
	builtIn(t, link, far6)
	o := run(t, link, far6, "--conns", strconv.Itoa(connections), "--low", "1", "--high", "1")
	o.checkAllSucceeded(t, connections)
	checkAgainstTruth(t, o, flows(link.Record()), rtt)
}

// TestJitterAndReordering: packets that vary and overtake each other cause no failure.
func TestJitterAndReordering(t *testing.T) {
	const connections = 500
	link := network(t, emulator.Config{Delay: 5 * time.Millisecond, Jitter: 5 * time.Millisecond, Reorder: 0.2, Seed: 3})
	far := scripted(t, link, far4, func(p *peer) { p.open("X-Padding: " + strings.Repeat("x", 4000) + "\r\n"); p.close() })
	o := run(t, link, far, "--conns", strconv.Itoa(connections), "--low", "50", "--high", "50")
	o.checkAllSucceeded(t, connections)
}
