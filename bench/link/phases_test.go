package main

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/stats"
)

// roundTrips are those of the tests, and how many connections are made over each.
var roundTrips = []struct {
	rtt         time.Duration
	connections int
}{
	{time.Millisecond, 400},
	{40 * time.Millisecond, 50},
	{200 * time.Millisecond, 8},
}

// wakeUp is what it takes to wake up a sleeping client, which the link does not see: 30 to
// 200 microseconds on 2 CPUs, at the median up to 450. At a round trip of a millisecond
// that alone is more than 2 %. It is less than half a round trip there, so nobody else's
// is in a phase.
const (
	leastWakeUp  = 150 * time.Microsecond
	medianWakeUp = 450 * time.Microsecond
)

// TestPhasesAreRoundTrips: connect, open and close are a round trip each, fin is nothing,
// and total is their sum.
func TestPhasesAreRoundTrips(t *testing.T) {
	for _, c := range roundTrips {
		t.Run(c.rtt.String(), func(t *testing.T) {
			if testing.Short() && c.rtt > 50*time.Millisecond {
				t.Skip("2 s of round trips: run without -short")
			}
			link := network(t, emulator.Config{Delay: c.rtt / 2})
			builtIn(t, link, far4)
			o := run(t, link, far4, "--conns", strconv.Itoa(c.connections), "--low", "1", "--high", "1")
			o.checkAllSucceeded(t, c.connections)
			checkAgainstTruth(t, o, flows(link.Record()), c.rtt)
			checkSum(t, o)
		})
	}
}

// checkAgainstTruth compares each phase of each connection with what the link saw of it.
// No phase is shorter, and none is longer by more than 2 % and the time to wake up.
func checkAgainstTruth(t *testing.T, o outcome, truth []*flow, rtt time.Duration) {
	t.Helper()
	if len(truth) != len(o.connections) {
		t.Fatalf("the link saw %d connections of %d", len(truth), len(o.connections))
	}
	for p := range stats.PhaseFin {
		var excess []time.Duration
		for i, f := range truth {
			if f.phases[p] < rtt {
				t.Errorf("connection %d: %v took %v on the link, want %v or more", i, p, f.phases[p], rtt)
			}
			excess = append(excess, o.connections[i].phase(p)-f.phases[p])
		}
		slices.Sort(excess)
		least, median := excess[0], excess[len(excess)/2]
		t.Logf("%v: longer than on the link by %v at least, %v at the median, %v at most", p, least, median, excess[len(excess)-1])
		if least < -microsecond {
			t.Errorf("%v is shorter than on the link by %v", p, -least)
		}
		if least > rtt/50+leastWakeUp || median > rtt/50+medianWakeUp {
			t.Errorf("%v is longer than on the link by %v at least and %v at the median, want at most %v and %v",
				p, least, median, rtt/50+leastWakeUp, rtt/50+medianWakeUp)
		}
	}
}

// microsecond is the unit of the result file, to which phases are rounded down.
const microsecond = time.Microsecond

func (c connection) phase(p stats.Phase) time.Duration {
	us := [...]int64{stats.PhaseConnect: c.ConnectUs, stats.PhaseOpen: c.OpenUs, stats.PhaseClose: c.CloseUs}
	return time.Duration(us[p]) * microsecond
}

// checkSum checks that fin is none of the round trips, and that total is the sum of the
// others: their means add up, to what rounding leaves.
func checkSum(t *testing.T, o outcome) {
	t.Helper()
	var sum float64
	for p := range stats.PhaseTotal {
		sum += o.Phases[p].Success.Mean()
	}
	total := o.Phases[stats.PhaseTotal].Success.Mean()
	if fin, close := median(o, stats.PhaseFin), median(o, stats.PhaseClose); fin > close/4 {
		t.Errorf("fin takes %v at the median, close %v", fin, close)
	}
	if sum < total*0.995-10 || sum > total*1.005 {
		t.Errorf("the means of the phases add up to %.0f us, total has %.0f", sum, total)
	}
}

func median(o outcome, p stats.Phase) time.Duration {
	return time.Duration(o.Phases[p].Success.ValueAtQuantile(50)) * microsecond
}
