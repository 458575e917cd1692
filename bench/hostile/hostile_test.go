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
	finWait  = 2 * time.Second        // the close timeout where it is to pass only after the close frames
	ample    = time.Minute            // the others: a busy machine must not change a cause
)

// peakGrowth is how much more memory a run may take while it goes on, in bytes.
// Buffers for all its responses are 200 times 16 KiB.
const peakGrowth = 8 << 20

// testeePeak bounds the testee's memory, in bytes: some rows say a megabyte to
// each of 200 connections.
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

// TestRows proves the table: whatever the testee does, each connection gets the
// row's cause, the counts agree, and the run ends and leaves nothing behind.
func TestRows(t *testing.T) {
	testee := startTestee(t)
	t.Run("rows", func(t *testing.T) {
		for _, b := range table() {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				o := orderFor(&b, testee.addresses)
				a := client(t, o, guard(o.Connections))
				checkCauses(t, &b, a, uint64(o.Connections))
				checkFin(t, &b, a)
				checkLeftovers(t, a)
			})
		}
	})
	checkTimeWaits(t, testee.addresses)
	checkTestee(t, testee)
}

func orderFor(b *behaviour, addresses map[string]string) order {
	o := order{
		Addr: addresses["listening"], Path: "/" + b.name, Connections: rowConnections(),
		Low: inFlight, High: inFlight, Loops: 1, Connect: ample, Open: ample, Close: ample,
	}
	if b.place != onPath {
		o.Addr, o.Path = addresses[b.name], "/"
	}
	o.hurry(b)
	return o
}

// hurry makes the timeout short that is to bound the row.
func (o *order) hurry(b *behaviour) {
	switch {
	case b.bound == connectTimeout:
		o.Connect = short
	case b.bound == openTimeout:
		o.Open = short
	case b.bound == closeTimeout && b.succeeds():
		o.Close = finWait
	case b.bound == closeTimeout:
		o.Close = short
	}
}

// guard is when a run counts as hanging: each batch of connections may wait for
// a timeout in each of three phases.
func guard(connections int64) time.Duration {
	busy := 20 * time.Second // for a machine with more to do
	if underRace {
		busy *= 4
	}
	return time.Duration(connections/inFlight)*3*short + busy
}

// checkCauses: every connection has a cause of the row, and is counted once.
func checkCauses(t *testing.T, b *behaviour, a *account, connections uint64) {
	t.Helper()
	var expected uint64
	for _, c := range b.causes {
		expected += a.Causes[c.String()]
	}
	if expected != connections || a.Total != connections || a.Success+a.Fail != connections {
		t.Errorf("causes %v of %d connections, want %v for all %d", a.Causes, a.Total, b.causes, connections)
	}
}

// checkFin: a success waits for the FIN as long as its row says, and no longer.
func checkFin(t *testing.T, b *behaviour, a *account) {
	t.Helper()
	if !b.succeeds() {
		return
	}
	timeouts := uint64(0)
	if b.bound == closeTimeout {
		timeouts = a.Success
	}
	if a.Fin.Timeout != timeouts {
		t.Errorf("ends of TCP %+v, want %d timeouts", a.Fin, timeouts)
	}
}

// checkLeftovers: no descriptor, no memory, nothing allocated per connection.
func checkLeftovers(t *testing.T, a *account) {
	t.Helper()
	if !slices.Equal(a.DescriptorsBefore, a.DescriptorsAfter) {
		t.Errorf("descriptors before the run:\n%s\nand after it:\n%s",
			strings.Join(a.DescriptorsBefore, "\n"), strings.Join(a.DescriptorsAfter, "\n"))
	}
	if grown := a.PeakBytes - a.PeakBytesBefore; grown > peakGrowth && !underRace {
		t.Errorf("%d bytes of memory more at the peak, want %d at most", grown, peakGrowth)
	}
	if a.Allocations > 50 || a.Collections != 0 {
		t.Errorf("%d allocations and %d collections in the run", a.Allocations, a.Collections)
	}
}

// TestMixed gives each connection a behaviour at random. Run without -short it
// makes 50000 connections, also with -race.
func TestMixed(t *testing.T) {
	testee := startTestee(t)
	o := order{
		Addr: testee.addresses["random"], Path: "/", Connections: 50000, Low: 500, High: 500, Loops: 2,
		Connect: short, Open: short, Close: short,
	}
	if testing.Short() {
		o.Connections = 5000
	}
	a := client(t, o, 5*time.Minute)
	t.Logf("%d connections in %v, %d successes, causes %v, ends of TCP %+v, peak %d bytes, %d more than before the start",
		a.Total, a.Took, a.Success, a.Causes, a.Fin, a.PeakBytes, a.PeakBytes-a.PeakBytesBefore)
	if a.Total != uint64(o.Connections) || a.Success+a.Fail != a.Total || a.Success == 0 {
		t.Errorf("%d connections, %d successes, %d fails", a.Total, a.Success, a.Fail)
	}
	checkMix(t, a)
	if checkTimeWaits(t, testee.addresses) == 0 {
		t.Error("no connection in TIME_WAIT on the testee's side, which closed first: the count is blind")
	}
	checkTestee(t, testee)
}

// checkMix: what was seen is the table's, and all of the table's was seen but
// what timing decides.
func checkMix(t *testing.T, a *account) {
	t.Helper()
	possible, certain := map[string]bool{stats.CauseConnectTimeout.String(): true}, map[string]bool{} // a busy machine
	for _, b := range table() {
		for _, c := range b.causes {
			possible[c.String()] = b.do != nil || possible[c.String()]
			certain[c.String()] = b.do != nil && len(b.causes) == 1 || certain[c.String()]
		}
	}
	for c := range a.Causes {
		if !possible[c] {
			t.Errorf("%d connections with cause %q, which is no accepting row's", a.Causes[c], c)
		}
	}
	for c := range certain {
		if certain[c] && a.Causes[c] == 0 {
			t.Errorf("no connection with cause %q", c)
		}
	}
	if !slices.Equal(a.DescriptorsBefore, a.DescriptorsAfter) {
		t.Errorf("descriptors %q before the run, %q after it", a.DescriptorsBefore, a.DescriptorsAfter)
	}
}

// checkTestee: what it sends without an end is not in its memory.
func checkTestee(t *testing.T, p process) {
	t.Helper()
	peak, err := peakBytes(strconv.Itoa(p.pid))
	t.Logf("testee's peak: %d bytes", peak)
	if err != nil || peak > testeePeak && !underRace {
		t.Errorf("the testee had %d bytes of memory at its peak (%v), want %d at most", peak, err, testeePeak)
	}
}

// TestTableNamesEveryCauseOfATestee: all but the client's own, and those of a
// network.
func TestTableNamesEveryCauseOfATestee(t *testing.T) {
	others := []stats.Cause{stats.CauseConnectUnreachable, stats.CauseConnectOther, stats.CauseInterrupted}
	named, names := map[stats.Cause]bool{}, map[string]bool{}
	for _, b := range table() {
		for _, c := range b.causes {
			named[c] = true
		}
		if names[b.name] || strings.Trim(b.name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || b.does == "" {
			t.Errorf("row %q: the name is taken or has other bytes than a-z, 0-9 and -, or it does not say what it does", b.name)
		}
		names[b.name] = true
	}
	for c := range stats.Cause(stats.NumCauses) {
		foreign := slices.Contains(others, c) || strings.HasPrefix(c.String(), "client_")
		if named[c] == foreign {
			t.Errorf("cause %v is in the table: %v", c, named[c])
		}
	}
}
