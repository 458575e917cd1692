package engine

import (
	"testing"
	"time"

	"wsperf/stats"
)

func TestTimingIsDue(t *testing.T) {
	for kind, want := range map[stats.Timestamps]int{"": 10, stats.TimestampsSampled: 10, stats.TimestampsKernel: 10 * timedOf, stats.TimestampsNone: 0} {
		timing, n := newTiming(kind), 0
		for range 10 * timedOf {
			if timing.due() {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d of %d connections are timed, want %d", kind, n, 10*timedOf, want)
		}
	}
}

// lateReader makes a connection whose response lies at this machine for so long before the
// loop reads it, and returns its sample.
func lateReader(t *testing.T, kind stats.Timestamps, lies time.Duration) sample {
	t.Helper()
	answered := make(chan struct{}, 1)
	cfg := patient(t, scripted(t, func(p *peer) {
		p.open("")
		answered <- struct{}{}
		p.closeFrame()
		p.say("\x88\x02\x03\xe8")
	}), 1<<40)
	cfg.Timestamps = kind
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.baseline = time.Now()
	defer l.closeKept()
	for i := range 100 { // the kernel's first stamps are missing: it begins to stamp in the background
		startNow(l)
		<-answered
		time.Sleep(lies)
		_, success, _ := l.rec.Counts()
		for more := true; more; more = l.slots.open() > 0 {
			events := l.wait(false)
			for i := range events {
				l.dispatch(&events[i])
			}
			l.expire()
		}
		if _, n, fail := l.rec.Counts(); n != success+1 || fail != 0 {
			t.Fatalf("connection %d: %d successes, %d failures", i, n, fail)
		}
		if s := l.slots.all[0].sample; s.Reached.Has(stats.PhaseLag) || kind == stats.TimestampsNone {
			return s
		}
	}
	t.Skip("this kernel does not stamp what it receives")
	return sample{}
}

// TestLag: what a response waits for its loop is lag, and no part of phase open if the kernel
// says when that ended. All bounds but the upper one of open are exact.
func TestLag(t *testing.T) {
	const lies = 50 * time.Millisecond
	s := lateReader(t, stats.TimestampsKernel, lies)
	open, lag, ready := time.Duration(s.Ns[stats.PhaseOpen]), time.Duration(s.Ns[stats.PhaseLag]), time.Duration(s.Ns[stats.PhaseReady])
	if lag < lies-time.Millisecond { // the testee signals right after its write
		t.Errorf("lag %v, want %v or more", lag, lies)
	}
	if open > lies/2 || open < 0 {
		t.Errorf("phase open is %v, although the response was read %v after it came", open, lag)
	}
	if ready != time.Duration(s.Ns[stats.PhaseConnect])+open {
		t.Errorf("ready is %v, connect and open are %v and %v", ready, time.Duration(s.Ns[stats.PhaseConnect]), open)
	}
	if total := time.Duration(s.Ns[stats.PhaseTotal]); total < ready+lag {
		t.Errorf("total %v does not contain the lag of %v", total, lag)
	}
}

// TestNoLag: without timestamps, the wait for the loop is in phase open, and nobody knows.
func TestNoLag(t *testing.T) {
	const lies = 20 * time.Millisecond
	s := lateReader(t, stats.TimestampsNone, lies)
	if open := time.Duration(s.Ns[stats.PhaseOpen]); open < lies-time.Millisecond || s.Reached.Has(stats.PhaseLag) {
		t.Errorf("phase open is %v, lag known: %v", open, s.Reached.Has(stats.PhaseLag))
	}
}

// TestLagOfAWrongClock: a lag that cannot be is not recorded, and shortens nothing.
func TestLagOfAWrongClock(t *testing.T) {
	l := &loop{timing: newTiming(stats.TimestampsKernel)}
	for _, c := range []struct {
		lagNs, cameNs int64
		known         bool
	}{
		{unknownLag, 1000, false}, {-500, 1000, false}, {0, 1000, true}, {300, 700, true}, {1000, 0, true}, {1001, 1000, false},
	} {
		s := &slot{marks: markTimed}
		s.sample.Ns[stats.PhaseLag] = c.lagNs
		if came := l.arrived(s, 1000); came != c.cameNs || s.sample.Reached.Has(stats.PhaseLag) != c.known {
			t.Errorf("lag %d: came at %d, known %v; want %d, %v", c.lagNs, came, s.sample.Reached.Has(stats.PhaseLag), c.cameNs, c.known)
		}
	}
	if s := (&slot{}); l.arrived(s, 1000) != 1000 || s.sample.Reached.Has(stats.PhaseLag) {
		t.Error("a connection that is not timed has a lag")
	}
}
