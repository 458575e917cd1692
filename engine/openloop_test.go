package engine

import (
	"testing"
	"time"

	"wsperf/stats"
)

// openLoop is a configuration with starts by the clock.
func openLoop(t *testing.T, addr string, ld Load) Config {
	cfg := patient(t, addr, 1)
	cfg.Load = ld
	return cfg
}

// TestOpenLoop: every start is made, and its connection has all phases. They add up to the
// total from the intended start.
func TestOpenLoop(t *testing.T) {
	for _, arrivals := range []stats.Arrivals{stats.ArrivalsEven, stats.ArrivalsPoisson} {
		ld := constant(500, time.Second)
		ld.Arrivals = arrivals
		cfg := openLoop(t, scripted(t, echoClose), ld)
		cfg.Loops = 2
		r := do(t, cfg)
		if r.Load.Mode != stats.ModeOpen || r.Load.Offered != 500 || r.Load.Due != r.Total+r.Load.Owed || r.Success != r.Total {
			t.Errorf("%s: %+v, %d of %d successes", arrivals, r.Load, r.Success, r.Total)
		}
		if arrivals == stats.ArrivalsEven && r.Load.Due != 500 {
			t.Errorf("%d starts were due, want 500", r.Load.Due)
		}
		checkSpans(t, r)
	}
}

// checkSpans compares the means of the phases, which add up but for the rounding to
// microseconds and to three digits.
func checkSpans(t *testing.T, r *stats.Result) {
	t.Helper()
	mean := func(phases ...stats.Phase) (us float64) {
		for _, p := range phases {
			us += r.Phases[p].Success.Mean()
		}
		return us
	}
	for _, c := range []struct {
		whole stats.Phase
		parts []stats.Phase
	}{
		{stats.PhaseReady, []stats.Phase{stats.PhaseLate, stats.PhaseConnect, stats.PhaseOpen}},
		{stats.PhaseTotal, []stats.Phase{stats.PhaseReady, stats.PhaseClose, stats.PhaseFin}},
	} {
		if n := r.Phases[c.whole].Success.TotalCount(); n != int64(r.Success) {
			t.Errorf("%v has %d values, want %d", c.whole, n, r.Success)
		}
		if whole, sum := mean(c.whole), mean(c.parts...); sum < whole*0.99-4 || sum > whole*1.01+4 {
			t.Errorf("%v has the mean %.1f us, its parts %.1f", c.whole, whole, sum)
		}
	}
}

// TestOpenLoopDoesNotWait: a testee that never answers holds no start back. Starts that
// lack a slot are late and counted. A machine that stops the loop at the end makes it owe some; a
// loop that waits owes nearly all of them, each time.
func TestOpenLoopDoesNotWait(t *testing.T) {
	const tries, mostOwed = 5, 50
	for range tries {
		cfg := openLoop(t, scripted(t, func(p *peer) { p.silence() }), constant(1000, 500*time.Millisecond))
		cfg.OpenTimeout = 700 * time.Millisecond
		r := do(t, cfg)
		if r.Total+r.Load.Owed != 500 || r.Causes[stats.CauseOpenTimeout] != r.Total {
			t.Fatalf("%d starts of %+v, causes %v; want 500 starts and owed ones, and as many timeouts as starts", r.Total, r.Load, causes(r))
		}
		if r.Load.Owed <= mostOwed {
			return
		}
		t.Logf("%d starts are owed", r.Load.Owed)
	}
	t.Errorf("more than %d of 500 starts are owed in each of %d runs", mostOwed, tries)
}

// TestOpenLoopOutOfSlots: starts wait for a slot without moving.
func TestOpenLoopOutOfSlots(t *testing.T) {
	cfg := openLoop(t, scripted(t, func(p *peer) { p.silence() }), constant(100, 0))
	cfg.Connections, cfg.OpenTimeout = 20, 500*time.Millisecond
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	run.loops[0].pacer.slots = 10
	r, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Starts 0 to 9 are due until 90 ms, the 10th at 100 ms; the first slot is free after 500.
	late := r.Phases[stats.PhaseLate].Failure
	if r.Total != 20 || r.Client.SlotWaits == 0 || late.TotalCount() != 20 || late.Max() < 380_000 {
		t.Errorf("%d starts, %d waits, %d late by up to %d us", r.Total, r.Client.SlotWaits, late.TotalCount(), late.Max())
	}
}
