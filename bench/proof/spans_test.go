package main

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// checkSpans compares the means of phases that contain others. They add up but for the
// rounding to microseconds and to three digits, whatever the machine does.
func checkSpans(t *testing.T, r *stats.Result) {
	t.Helper()
	mean := func(phases ...stats.Phase) (us float64) {
		for _, p := range phases {
			us += r.Phases[p].Success.Mean()
		}
		return us
	}
	for whole, parts := range map[stats.Phase][]stats.Phase{
		stats.PhaseReady: {stats.PhaseLate, stats.PhaseConnect, stats.PhaseOpen},
		stats.PhaseTotal: {stats.PhaseReady, stats.PhaseClose, stats.PhaseFin},
	} {
		if got, sum := mean(whole), mean(parts...); got < sum*0.999-3 || got > sum*1.001+3 {
			t.Errorf("%v has the mean %.1f us, its parts %.1f", whole, got, sum)
		}
	}
}

// Of a client that is stopped in an open loop, a fifth of the starts is late, by up to the
// length of the stop.
const (
	stopLength = 300 * time.Millisecond
	stopRate   = "400"
	stopLoad   = 5 * stopLength
)

// TestStoppedClient: ready and total begin at the intended start, also if the client makes
// it late. The delay is in phase late and in no other.
func TestStoppedClient(t *testing.T) {
	p := newPlace(t)
	testee := p.startTestee(t, "--answer", "5ms")
	c := p.startClient(t, testee.address, "--rate", stopRate, "--duration", stopLoad.String())
	testee.awaitAccepts(t, p)
	began := time.Now()
	c.Signal(unix.SIGSTOP)
	time.Sleep(stopLength)
	c.Signal(unix.SIGCONT)
	stopped := time.Since(began)
	o := c.end(t)
	checkAgainstTestee(t, o.Result, testee.end(t).counts)
	checkSpans(t, o.Result)
	part := stopped.Seconds() / stopLoad.Seconds()
	for _, phase := range []stats.Phase{stats.PhaseLate, stats.PhaseReady, stats.PhaseTotal} {
		for _, q := range []float64{90, 95, 99} {
			want := stopped.Seconds() * (1 - (1-q/100)/part)
			got := float64(o.Phases[phase].Success.ValueAtPercentile(q)) / 1e6
			t.Logf("%v q%v: %.3f s, theory says %.3f", phase, q, got, want)
			// A busy machine stops the client for longer, and takes its time to go on.
			if got < want*0.9-0.01 || got > want+stopLength.Seconds() {
				t.Errorf("%v q%v: %.3f s, want %.3f", phase, q, got, want)
			}
		}
	}
	if q90 := o.Phases[stats.PhaseOpen].Success.ValueAtPercentile(90); q90 > stopLength.Microseconds()/3 {
		t.Errorf("open has %d us at q90: the client's delay is in it", q90)
	}
}

// awaitAccepts returns when connections have come to the testee's namespace.
func (s *testee) awaitAccepts(t *testing.T, p place) {
	t.Helper()
	if p.Namespace() == nil {
		t.Skip("needs root for a network namespace of its own")
	}
	for deadline := time.Now().Add(startTimeout); p.kernel(t).PassiveOpens < 20; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no connection came")
		}
	}
}
