package main

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsperf/stats"
)

// kernelCounts are those of a network namespace, of all processes in it
// (Documentation/networking/snmp_counter.rst).
type kernelCounts struct {
	ActiveOpens  uint64 // connect(2): also of a socket that was kept from an earlier connection
	PassiveOpens uint64 // connections that came to a listener
}

// kernel reads the counts of the calling thread's namespace: a line of names and a line of
// numbers (proc_pid_net(5)).
func kernel() (k kernelCounts, err error) {
	text, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return k, err
	}
	var lines [][]string
	for line := range strings.Lines(string(text)) {
		if rest, isTCP := strings.CutPrefix(line, "Tcp:"); isTCP {
			lines = append(lines, strings.Fields(rest))
		}
	}
	if len(lines) != 2 || len(lines[0]) != len(lines[1]) {
		return k, errors.New("/proc/net/snmp has no counts of TCP")
	}
	number := func(name string) (n uint64) {
		if i := slices.Index(lines[0], name); i >= 0 && err == nil {
			n, err = strconv.ParseUint(lines[1][i], 10, 64)
		}
		return n
	}
	return kernelCounts{number("ActiveOpens"), number("PassiveOpens")}, err
}

func (p place) kernel(t *testing.T) (k kernelCounts) {
	t.Helper()
	err := p.Do(func() (err error) { k, err = kernel(); return err })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestCounts: client, testee and kernel count the same connections.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name, testee, load string
		refused            uint64 // one in so many
	}{
		{"closed loop", "--answer uniform:0ms..20ms", "--conns 2000 --low 20 --high 50", 0},
		{"two loops", "--accept 1ms --close 5ms", "--conns 3001 --low 20 --high 50 --loops 2", 0},
		{"for a time", "--fin 10ms", "--duration 500ms --low 20 --high 50", 0},
		{"some are refused", "--refuse 7 --answer 2ms", "--conns 1000 --low 20 --high 50", 7},
		{"open loop", "--answer 1%:200ms", "--conns 451 --rate 500", 0},
		{"poisson, two loops", "--close 1%:200ms", "--conns 500 --rate 500 --arrivals poisson --loops 2", 0},
		{"some of an open loop are refused", "--refuse 3 --accept uniform:0ms..5ms", "--rate 500 --duration 500ms", 3},
	} {
		if testing.Short() && c.refused == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			testee := p.startTestee(t, strings.Fields(c.testee)...)
			before := p.kernel(t)
			o := p.startClient(t, testee.address, strings.Fields(c.load)...).end(t)
			after := p.kernel(t)
			checkAgainstTestee(t, o.Result, testee.end(t).counts)
			checkRefused(t, o.Result, c.refused)
			if p.Namespace() == nil {
				t.Skip("the kernel's counts are not compared: a network namespace of its own needs root")
			}
			checkAgainstKernel(t, o.Result, before, after)
		})
	}
}

// checkAgainstTestee compares the counts of a result with the testee's, which ends or
// refuses each connection.
func checkAgainstTestee(t *testing.T, r *stats.Result, own counts) {
	t.Helper()
	if r.Total == 0 || r.Total != r.Success+r.Fail {
		t.Errorf("%d connections, %d successes, %d fails", r.Total, r.Success, r.Fail)
	}
	want := counts{Accepted: r.Total, Opened: r.Success, Refused: r.Causes[stats.CauseOpenStatus], Closed: r.Success, Ended: r.Fin.Received}
	if own != want || want.Refused != r.Fail || want.Ended != r.Success {
		t.Errorf("the testee counts %+v, the client %+v: %d connections, %d successes, %d fails", own, want, r.Total, r.Success, r.Fail)
	}
}

// checkRefused checks that one connection in so many failed; 0: none.
func checkRefused(t *testing.T, r *stats.Result, one uint64) {
	t.Helper()
	want := uint64(0)
	if one > 0 {
		want = r.Total / one
	}
	if r.Fail != want {
		t.Errorf("%d of %d connections failed, want %d", r.Fail, r.Total, want)
	}
}

func checkAgainstKernel(t *testing.T, r *stats.Result, before, after kernelCounts) {
	t.Helper()
	active, passive := after.ActiveOpens-before.ActiveOpens, after.PassiveOpens-before.PassiveOpens
	var kept uint64
	for _, l := range r.Loops {
		kept += l.KeptSockets
	}
	t.Logf("%d connections of the client, %d of kept sockets among them; kernel: %d to, %d from", r.Total, kept, active, passive)
	if active != r.Total || passive != r.Total {
		t.Errorf("the kernel opened %d connections to and %d from a testee, want %d", active, passive, r.Total)
	}
}
