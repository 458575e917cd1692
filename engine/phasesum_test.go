package engine

import (
	"testing"
	"time"

	"wsperf/stats"
)

// TestPhasesAddUpToTotal: a phase begins where the one before it ended, so the phases of
// a connection whose start was not deferred add up to its total, to the nanosecond.
func TestPhasesAddUpToTotal(t *testing.T) {
	run, _, err := Prepare(patient(t, scripted(t, echoClose), 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.baseline = time.Now()
	defer l.closeKept()
	for range 20 {
		ns := oneSuccess(t, l).Ns
		sum := ns[stats.PhaseConnect] + ns[stats.PhaseOpen] + ns[stats.PhaseClose] + ns[stats.PhaseFin]
		if total := ns[stats.PhaseTotal]; sum != total {
			t.Errorf("phases %v add up to %d ns, want the total of %d ns", ns, sum, total)
		}
	}
}

// oneSuccess takes a connection from its start to its end, which must be a success, and
// returns its sample. The slot keeps the sample until its next connection.
func oneSuccess(t *testing.T, l *loop) sample {
	t.Helper()
	_, before, _ := l.rec.Counts()
	for startNow(l); l.slots.open() > 0; l.expire() {
		l.nowNs = l.clock()
		events := l.poller.wait(l.sleepNs())
		for i := range events {
			l.dispatch(&events[i])
		}
	}
	s := &l.slots.all[0]
	if _, success, fail := l.rec.Counts(); success != before+1 || fail != 0 || !s.sample.Reached.Has(stats.PhaseFin) {
		t.Fatalf("%d successes and %d fails, phases reached %b; want %d successes with a FIN", success, fail, s.sample.Reached, before+1)
	}
	return s.sample
}
