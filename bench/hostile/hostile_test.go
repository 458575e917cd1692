package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

const (
	inFlight = 20
	short    = 300 * time.Millisecond // the timeout that bounds a row
	finWait  = 2 * time.Second        // the close timeout of a success: the close frame must arrive within it
	ample    = time.Minute            // the other timeouts: a busy machine must not change a cause
)

// peakGrowth bounds the growth of the client's peak memory over a run, in bytes.
// Buffers for all its responses are 200 times 16 KiB.
const peakGrowth = 8 << 20

// testeePeak bounds the testee's peak memory, in bytes. Some rows send a megabyte
// to each of 200 connections.
const testeePeak = 512 << 20

// rowConnections is how many connections each row gets.
func rowConnections() int64 {
	switch {
	case underRace:
		return 40
	case testing.Short():
		return 60
	}
	return 200
}

// TestRows runs a client against each row. Every connection must get the row's
// cause, the counts must add up, and the run must end and leave nothing behind.
func TestRows(t *testing.T) {
	testee := startTestee(t)
	t.Run("rows", func(t *testing.T) {
		for _, b := range table() {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				cfg := configFor(&b, testee.addresses)
				r := client(t, cfg, guard(cfg.Connections))
				checkCauses(t, &b, r, uint64(cfg.Connections))
				checkFin(t, &b, r)
				checkLeftovers(t, r)
			})
		}
	})
	checkTimeWaits(t, testee.addresses)
	checkTestee(t, testee)
}

func configFor(b *behaviour, addresses map[string]string) clientConfig {
	cfg := clientConfig{
		Addr: addresses["listening"], Path: "/" + b.name, Connections: rowConnections(),
		Low: inFlight, High: inFlight, Loops: 1, Connect: ample, Secure: ample, Open: ample, Close: ample,
	}
	if b.place != onPath {
		cfg.Addr, cfg.Path = addresses[b.name], "/"
	}
	cfg.hurry(b)
	return cfg
}

// hurry shortens the timeout that bounds the row.
func (cfg *clientConfig) hurry(b *behaviour) {
	switch {
	case b.bound == connectTimeout:
		cfg.Connect = short
	case b.bound == secureTimeout:
		cfg.Secure = short
	case b.bound == openTimeout:
		cfg.Open = short
	case b.bound == closeTimeout && b.succeeds():
		cfg.Close = finWait
	case b.bound == closeTimeout:
		cfg.Close = short
	}
}

// guard is the time after which a run counts as hung: each batch of connections
// may wait for a short timeout in each of three phases.
func guard(connections int64) time.Duration {
	busy := 20 * time.Second // for a busy machine
	if underRace {
		busy *= 4
	}
	return time.Duration(connections/inFlight)*3*short + busy
}

// checkCauses checks that every connection has a cause of the row and is counted
// once.
func checkCauses(t *testing.T, b *behaviour, r *clientReport, connections uint64) {
	t.Helper()
	var expected uint64
	for _, c := range b.causes {
		expected += r.Causes[c.String()]
	}
	if expected != connections || r.Total != connections || r.Success+r.Fail != connections {
		t.Errorf("causes %v of %d connections, want %v for all %d", r.Causes, r.Total, b.causes, connections)
	}
}

// checkFin checks that the successes of a row wait for the FIN until the close
// timeout if that is the row's bound, and otherwise get a FIN or an RST.
func checkFin(t *testing.T, b *behaviour, r *clientReport) {
	t.Helper()
	if !b.succeeds() {
		return
	}
	timeouts := uint64(0)
	if b.bound == closeTimeout {
		timeouts = r.Success
	}
	if r.Fin.Timeout != timeouts {
		t.Errorf("ends of TCP %+v, want %d timeouts", r.Fin, timeouts)
	}
}

// checkLeftovers checks that the run leaves no descriptor open, does not grow in
// memory, and does not allocate per connection.
func checkLeftovers(t *testing.T, r *clientReport) {
	t.Helper()
	checkEnd(t, r, peakGrowth)
	if r.Allocations > 50 || r.Collections != 0 {
		t.Errorf("%d allocations and %d collections, want at most 50 and 0", r.Allocations, r.Collections)
	}
}

// checkEnd checks that the run leaves no descriptor open and no goroutine, and does not grow in memory.
func checkEnd(t *testing.T, r *clientReport, growth int64) {
	t.Helper()
	if !slices.Equal(r.DescriptorsBefore, r.DescriptorsAfter) {
		t.Errorf("descriptors before the run:\n%s\nand after it:\n%s",
			strings.Join(r.DescriptorsBefore, "\n"), strings.Join(r.DescriptorsAfter, "\n"))
	}
	if grown := r.PeakBytes - r.PeakBytesBefore; grown > growth && !underRace {
		t.Errorf("peak memory grew by %d bytes, want at most %d", grown, growth)
	}
	if r.Goroutines > 0 {
		t.Errorf("%d goroutines more than before the run", r.Goroutines)
	}
}

// TestMixed gives each connection a random behaviour. It makes 50000 connections,
// also with -race, or 5000 with -short.
func TestMixed(t *testing.T) {
	testee := startTestee(t)
	cfg := clientConfig{
		Addr: testee.addresses["random"], Path: "/", Connections: 50000, Low: 500, High: 500, Loops: 2,
		Connect: short, Open: short, Close: short,
	}
	if testing.Short() {
		cfg.Connections = 5000
	}
	r := client(t, cfg, 5*time.Minute)
	t.Logf("%d connections in %v, %d successes, causes %v, ends of TCP %+v, peak %d bytes, %d more than before the start",
		r.Total, r.Took, r.Success, r.Causes, r.Fin, r.PeakBytes, r.PeakBytes-r.PeakBytesBefore)
	if r.Total != uint64(cfg.Connections) || r.Success+r.Fail != r.Total || r.Success == 0 {
		t.Errorf("%d connections, %d successes, %d fails", r.Total, r.Success, r.Fail)
	}
	checkMixOf(t, table(), r)
	if !slices.Equal(r.DescriptorsBefore, r.DescriptorsAfter) {
		t.Errorf("descriptors %q before the run, %q after it", r.DescriptorsBefore, r.DescriptorsAfter)
	}
	// If a busy machine makes nearly all of them time out, they use the ports of the few others again.
	if checkTimeWaits(t, testee.addresses) == 0 && r.Fin.Received > r.Total/10 {
		t.Error("no connection in TIME_WAIT on the testee's side, although it closes first: timeWaits does not see them")
	}
	checkTestee(t, testee)
}

// checkMixOf checks that every cause in the report is one of a row that accepts
// connections, and that every such cause is in the report, except those that
// depend on timing.
func checkMixOf(t *testing.T, rows []behaviour, r *clientReport) {
	t.Helper()
	possible, certain := map[string]bool{}, map[string]bool{}
	for _, c := range onBusyMachine {
		possible[c.String()] = true
	}
	for _, b := range rows {
		for _, c := range b.causes {
			possible[c.String()] = b.do != nil || possible[c.String()]
			certain[c.String()] = b.do != nil && len(b.causes) == 1 || certain[c.String()]
		}
	}
	for c := range r.Causes {
		if !possible[c] {
			t.Errorf("%d connections with cause %q, which no row that accepts connections has", r.Causes[c], c)
		}
	}
	for c := range certain {
		if certain[c] && r.Causes[c] == 0 {
			t.Errorf("no connection with cause %q", c)
		}
	}
}

// onBusyMachine are causes that a testee or client gets that does not run for a while.
var onBusyMachine = []stats.Cause{stats.CauseConnectTimeout, stats.CauseSecureTimeout, stats.CauseOpenTimeout, stats.CauseCloseTimeout}

// checkTestee checks that the testee does not keep what it sends in memory.
func checkTestee(t *testing.T, p process) {
	t.Helper()
	peak, err := peakBytes(strconv.Itoa(p.pid))
	t.Logf("the testee's peak memory: %d bytes", peak)
	if err != nil || peak > testeePeak && !underRace {
		t.Errorf("the testee's peak memory: %d bytes, error %v, want at most %d", peak, err, testeePeak)
	}
}

// TestTableNamesEveryCauseOfATestee: the table has every cause except those of
// the client and of the network.
func TestTableNamesEveryCauseOfATestee(t *testing.T) {
	others := []stats.Cause{stats.CauseConnectUnreachable, stats.CauseConnectOther, stats.CauseSecureUnreachable,
		stats.CauseOpenUnreachable, stats.CauseCloseUnreachable, stats.CauseInterrupted}
	named, names := map[stats.Cause]bool{}, map[string]bool{}
	for _, b := range slices.Concat(table(), securedTable()) {
		for _, c := range b.causes {
			named[c] = true
		}
		if names[b.name] || strings.Trim(b.name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || b.does == "" {
			t.Errorf("row %q: the name is a duplicate or has bytes other than a-z, 0-9 and -, or the description is empty", b.name)
		}
		names[b.name] = true
	}
	for c := range stats.Cause(stats.NumCauses) {
		foreign := slices.Contains(others, c) || strings.HasPrefix(c.String(), "client_")
		if named[c] == foreign {
			t.Errorf("cause %v is in the table: %v, want %v", c, named[c], !foreign)
		}
	}
}
