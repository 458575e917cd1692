package main

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// Of a stopped testee, an open loop at this rate shows what its users would wait: those who
// come within the stop, a tenth of all, wait from nothing up to all of it.
const (
	testeeStopRate   = "1000"
	testeeStopLoad   = 10 * time.Second
	testeeStopLength = time.Second
)

// TestStoppedTestee: phase ready of an open loop has the quantiles that theory says. A closed
// loop has at most as many slow connections as its high watermark, because it waits with the
// testee, so it does not show the stop: this is coordinated omission.
func TestStoppedTestee(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes 20 s")
	}
	open, stopped := stoppedRun(t, "--rate", testeeStopRate)
	if open.Load.Due != 10000 || open.Success != open.Total {
		t.Errorf("%+v, %d of %d successes", open.Load, open.Success, open.Total)
	}
	for _, p := range []stats.Phase{stats.PhaseReady, stats.PhaseTotal} {
		checkWaits(t, open, p, stopped)
	}
	closed, _ := stoppedRun(t, "--low", "2", "--high", "10")
	if q99 := closed.Phases[stats.PhaseOpen].Success.ValueAtPercentile(99); q99 > testeeStopLength.Microseconds()/10 {
		t.Errorf("q99 of a closed loop is %d us: it shows the stop", q99)
	}
}

// checkWaits compares quantiles with those of waits that are spread evenly over the stop. The
// testee takes its time to answer what has come meanwhile, and that is what users would wait for
// too: waits are a quarter of the stop longer at most, and never shorter by more than 5 %.
func checkWaits(t *testing.T, r *stats.Result, p stats.Phase, stopped time.Duration) {
	t.Helper()
	part := stopped.Seconds() / testeeStopLoad.Seconds()
	for _, q := range []float64{90, 95, 99} {
		want := max(0, stopped.Seconds()*(1-(1-q/100)/part))
		got := float64(r.Phases[p].Success.ValueAtPercentile(q)) / 1e6
		t.Logf("%v q%v: %.3f s, theory says %.3f", p, q, got, want)
		if got < want*0.95 || got > want+stopped.Seconds()/4 {
			t.Errorf("%v q%v: %.3f s, want %.3f", p, q, got, want)
		}
	}
}

// stoppedRun stops the testee in the middle of a run, and returns for how long.
func stoppedRun(t *testing.T, load ...string) (r *stats.Result, stopped time.Duration) {
	t.Helper()
	p := newPlace(t)
	testee := p.startTestee(t)
	c := p.startClient(t, testee.address, append([]string{"--duration", testeeStopLoad.String()}, load...)...)
	testee.awaitAccepts(t, p)
	began := time.Now()
	testee.Signal(unix.SIGSTOP)
	time.Sleep(testeeStopLength)
	testee.Signal(unix.SIGCONT)
	stopped = time.Since(began)
	r = c.end(t).Result
	testee.end(t)
	return r, stopped
}
