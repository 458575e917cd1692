package main

import (
	"cmp"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// tlsPeakGrowth is peakGrowth with TLS, in bytes: collected garbage counts, which a run without TLS has none of.
const tlsPeakGrowth = 64 << 20

// mixedTLSGrowth is the same with 100 in flight, some of which get messages of 100 kB.
const mixedTLSGrowth = 256 << 20

// securedBy has a client connect to the testee with TLS.
func (cfg *clientConfig) securedBy(c *tlsClient, testee process) {
	cfg.TLS = &clientTLS{
		CA: testee.ca, Insecure: c.insecure, Resume: c.resume,
		Min: cmp.Or(c.min, tls.VersionTLS12), Max: cmp.Or(c.max, tls.VersionTLS13),
		Groups: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
}

// TestSecuredRows is TestRows with the behaviours of wss://.
func TestSecuredRows(t *testing.T) {
	testee := startTestee(t)
	t.Run("rows", func(t *testing.T) {
		for _, b := range securedTable() {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				cfg := configFor(&b, testee.addresses)
				cfg.securedBy(b.tls, testee)
				if b.tls.few {
					cfg.Connections = inFlight
				}
				checkSecured(t, &b, cfg)
			})
		}
	})
	checkTimeWaits(t, testee.addresses)
	checkTestee(t, testee)
}

func checkSecured(t *testing.T, b *behaviour, cfg clientConfig) {
	t.Helper()
	r := client(t, cfg, guard(cfg.Connections))
	checkCauses(t, b, r, uint64(cfg.Connections))
	checkFin(t, b, r)
	checkEnd(t, r, tlsPeakGrowth)
	t.Logf("causes %v, ends %+v, peak %d kB more than before, %v, samples %q", r.Causes, r.Fin, (r.PeakBytes-r.PeakBytesBefore)>>10, r.Took, r.Replies)
}

// TestRowsWithinTLS: within TLS the rows of ws:// have the same causes.
func TestRowsWithinTLS(t *testing.T) {
	testee := startTestee(t)
	t.Run("rows", func(t *testing.T) {
		for _, b := range table() {
			if b.place != onPath || strings.HasPrefix(b.name, "urgent-") { // TLS has no urgent data
				continue
			}
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				cfg := configFor(&b, testee.addresses)
				cfg.Addr, cfg.Connections = testee.addresses["tls"], 40
				cfg.securedBy(&tlsClient{}, testee)
				checkSecured(t, &b, cfg)
			})
		}
	})
	checkTimeWaits(t, testee.addresses)
	checkTestee(t, testee)
}

// stalledBytes bounds what a TLS handshake in flight costs the client, in bytes of peak memory.
const (
	stalledBytes       = 20 << 10 // with X25519
	stalledHybridBytes = 40 << 10 // with X25519MLKEM768
)

// TestStalledMemory: handshakes that a testee does not answer cost the client a bounded memory each.
func TestStalledMemory(t *testing.T) {
	if underRace {
		t.Skip("the race detector needs memory")
	}
	testee := startTestee(t)
	for _, c := range []struct {
		group tls.CurveID
		limit int64
	}{{tls.X25519, stalledBytes}, {tls.X25519MLKEM768, stalledHybridBytes}} {
		t.Run(c.group.String(), func(t *testing.T) {
			few, base := stalled(t, testee, c.group, 100)
			all, peak := stalled(t, testee, c.group, 10_000) // fewer on a machine that is very slow
			if all < 1000 {
				t.Fatalf("%d handshakes in flight are too few to tell", all)
			}
			each := (peak - base) / (all - few)
			t.Logf("%d bytes for each of %d handshakes in flight", each, all)
			if each > c.limit || each <= 0 {
				t.Errorf("%d bytes for each of %d handshakes in flight, want at most %d", each, all, c.limit)
			}
		})
	}
}

// stalled has n connections in flight whose ClientHello is not answered, interrupts them, and returns their number and the
// client's growth in peak memory.
func stalled(t *testing.T, testee process, group tls.CurveID, n int) (inFlight, growth int64) {
	t.Helper()
	cfg := clientConfig{
		Addr: testee.addresses["tls-silence-accepted"], Path: "/", Connections: int64(n), Low: n, High: n, Loops: 1, Hold: n,
		Connect: ample, Secure: ample, Open: ample, Close: short,
	}
	cfg.securedBy(&tlsClient{}, testee)
	cfg.TLS.Groups = []tls.CurveID{group, tls.X25519}
	r := client(t, cfg, 2*time.Minute)
	if r.Causes[stats.CauseInterrupted.String()] != r.Total {
		t.Fatalf("causes %v, want %d interrupted", r.Causes, r.Total)
	}
	if r.Goroutines > 0 {
		t.Errorf("%d goroutines more than before the run", r.Goroutines)
	}
	return int64(r.Total), r.PeakBytes - r.PeakBytesBefore
}

// TestMixedTLS gives each connection a random behaviour of wss://. Half of the handshakes try to resume a session.
func TestMixedTLS(t *testing.T) {
	const patience = 2 * time.Second // cryptography keeps the client, and the testee, from answering at once
	testee := startTestee(t)
	cfg := clientConfig{
		Addr: testee.addresses["tls-random"], Path: "/", Connections: 10000, Low: 100, High: 100, Loops: 2,
		Connect: patience, Secure: patience, Open: patience, Close: patience,
	}
	if testing.Short() {
		cfg.Connections = 2000
	}
	cfg.securedBy(&tlsClient{resume: 50}, testee)
	r := client(t, cfg, 8*time.Minute)
	t.Logf("%d connections in %v, %d successes, causes %v, ends of TCP %+v, peak %d kB more than before the start",
		r.Total, r.Took, r.Success, r.Causes, r.Fin, (r.PeakBytes-r.PeakBytesBefore)>>10)
	if r.Total != uint64(cfg.Connections) || r.Success+r.Fail != r.Total || r.Success == 0 {
		t.Errorf("%d connections, %d successes, %d fails", r.Total, r.Success, r.Fail)
	}
	checkMixOf(t, securedTable(), r)
	checkEnd(t, r, mixedTLSGrowth)
	checkTimeWaits(t, testee.addresses)
	checkTestee(t, testee)
}
