package main

import (
	"strconv"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/stats"
)

// TestSecureIsRoundTrips: phase secure is as many round trips as the specification says, and what the cryptography of both sides takes, which is
// less than half a round trip here. The other phases are one each, as they are without TLS.
func TestSecureIsRoundTrips(t *testing.T) {
	const connections, rtt = 12, 40 * time.Millisecond
	for _, c := range []struct {
		name  string
		args  []string
		phase stats.Phase
		trips time.Duration
	}{
		{"TLS 1.3", []string{"--tls-min", "1.3"}, stats.PhaseSecure, 1},                                               // RFC 8446 section 2
		{"TLS 1.3 resumed", []string{"--tls-min", "1.3", "--tls-resume", "100"}, stats.PhaseSecureResumed, 1},         // section 2.2, no early data
		{"TLS 1.3 after a HelloRetryRequest", []string{"--tls-groups", "X25519MLKEM768,P-256"}, stats.PhaseSecure, 2}, // section 2.1
		{"TLS 1.2", []string{"--tls-max", "1.2"}, stats.PhaseSecure, 2},                                               // RFC 5246 section 7.3
		{"TLS 1.2 resumed", []string{"--tls-max", "1.2", "--tls-resume", "100"}, stats.PhaseSecureResumed, 1},         // RFC 5077 section 3.1
	} {
		t.Run(c.name, func(t *testing.T) {
			link := network(t, emulator.Config{Delay: rtt / 2})
			builtIn(t, link, far4, "--tls")
			o := runSecured(t, link, append(c.args, "--conns", strconv.Itoa(connections), "--low", "1", "--high", "1")...)
			o.checkAllSucceeded(t, connections)
			if n := o.Phases[c.phase].Success.TotalCount(); n != connections {
				t.Fatalf("%d values of %v, want %d", n, c.phase, connections)
			}
			checkTrips(t, o, c.phase, c.trips*rtt)
			for _, p := range []stats.Phase{stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose} {
				checkTrips(t, o, p, rtt)
			}
		})
	}
}

func runSecured(t *testing.T, link *emulator.Link, args ...string) outcome {
	t.Helper()
	return runURL(t, link, "wss://"+far4.String()+"/", append(args, "--insecure")...)
}

// checkTrips checks that a phase takes the round trips, at the median and at least, and not half a one more.
func checkTrips(t *testing.T, o outcome, p stats.Phase, trips time.Duration) {
	t.Helper()
	least := time.Duration(o.Phases[p].Success.Min()) * microsecond
	if m := median(o, p); least < trips || m > trips+20*time.Millisecond {
		t.Errorf("%v takes %v at least and %v at the median, want %v", p, least, m, trips)
	}
}

// TestSecuredOverABadLink: loss, jitter, reordering and small segments cause no failure, neither in full nor in resumed handshakes.
func TestSecuredOverABadLink(t *testing.T) {
	const connections = 300
	for name, cfg := range map[string]emulator.Config{
		"loss":       {Delay: time.Millisecond, Loss: 0.01, Seed: 1},
		"reordering": {Delay: 5 * time.Millisecond, Jitter: 5 * time.Millisecond, Reorder: 0.2, Seed: 3},
		"small MTU":  {Delay: time.Millisecond, MTU: 576},
	} {
		t.Run(name, func(t *testing.T) {
			link := network(t, cfg)
			builtIn(t, link, far4, "--tls")
			o := runSecured(t, link, "--conns", strconv.Itoa(connections), "--low", "50", "--high", "50", "--tls-resume", "50")
			o.checkAllSucceeded(t, connections)
			if o.TLS.Tried != connections/2 || o.TLS.Resumed == 0 {
				t.Errorf("%d resumed of %d that tried, want half of %d to try", o.TLS.Resumed, o.TLS.Tried, connections)
			}
		})
	}
}
