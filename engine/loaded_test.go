package engine

import (
	"math/rand"
	"sync/atomic"
	"testing"
	"time"

	"wsperf/stats"
)

// TestLoadedRateIsWithoutTheDrain: one connection that runs into its timeout after the last
// start prolongs the run, and the loaded window does not contain that.
func TestLoadedRateIsWithoutTheDrain(t *testing.T) {
	const connections = 200
	var served atomic.Int64
	cfg := patient(t, scripted(t, func(p *peer) {
		if served.Add(1) == connections {
			p.silence() // the last one: nothing is started meanwhile
			return
		}
		echoClose(p)
	}), connections)
	cfg.Low, cfg.High, cfg.OpenTimeout = 1, 1, 2*time.Second
	result := do(t, cfg)
	// Some connections are still closing when the last one is started.
	if result.Fail != 1 || result.Loaded.Success < connections/2 || result.Loaded.Success == connections {
		t.Fatalf("%d failures, %d successes in the loaded window, want 1 and almost %d", result.Fail, result.Loaded.Success, connections)
	}
	if drain := result.Drain(); drain < cfg.OpenTimeout {
		t.Errorf("drain %v, want at least %v", drain, cfg.OpenTimeout)
	}
	if sum, whole := result.Loaded.Duration()+result.Drain(), result.Duration(); sum > whole+time.Millisecond {
		t.Errorf("loaded window and drain are %v together, longer than the run of %v", sum, whole)
	}
	if rate, ok := result.LoadedHandshakesPerSecond(); !ok || rate <= result.HandshakesPerSecond() {
		t.Errorf("loaded rate %v (%v), with the drain %v", rate, ok, result.HandshakesPerSecond())
	}
}

// connection is one that a loop made, in nanoseconds from the start of the run.
type connection struct {
	startNs, endNs int64
	failed         bool
}

// loopThatMade returns a loop that has made these connections, which are in the order of
// their starts. A connection takes the slot of one that has ended, as in a run.
func loopThatMade(made []connection) *loop {
	l := &loop{slots: newSlots(len(made)), rec: stats.NewRecorder(nil)}
	open := map[*slot]connection{}
	end := func(untilNs int64) {
		for s, c := range open {
			if c.endNs <= untilNs {
				l.recordEnd(s, c)
				delete(open, s)
			}
		}
	}
	for _, c := range made {
		end(c.startNs)
		s := l.slots.take()
		s.intendedNs = c.startNs
		open[s] = c
		l.loaded.started(c.startNs)
		l.rec.Start()
	}
	end(1 << 62)
	return l
}

func (l *loop) recordEnd(s *slot, c connection) {
	s.sample.Reached = s.sample.Reached.With(stats.PhaseConnect).With(stats.PhaseOpen)
	if c.failed {
		s.span(stats.PhaseTotal, c.endNs)
		l.rec.Fail(l.measured(s), stats.CauseCloseTimeout)
	} else {
		s.sample.Reached = s.sample.Reached.With(stats.PhaseClose)
		l.recordSuccess(s, stats.FinReset, c.endNs)
	}
	l.slots.release(s)
}

func TestLoadedWindowOfSeveralLoops(t *testing.T) {
	const s = int64(time.Second)
	// early ends starting while the other loops go on.
	early := []connection{{0, 3 * s, false}, {s, 4 * s, true}, {2 * s, 12 * s, false}, {2 * s, 9 * s, false}, {2 * s, 9 * s, true}}
	late := []connection{{s, 2 * s, false}, {3 * s, 10 * s, false}, {10 * s, 11 * s, false}}
	for _, test := range []struct {
		name                    string
		loops                   [][]connection
		firstNs, lastNs         int64
		success, successesInAll uint64
	}{
		{"two last starts", [][]connection{early, late}, 0, 10 * s, 4, 6},
		{"in another order", [][]connection{late, early}, 0, 10 * s, 4, 6},
		{"one loop that started nothing", [][]connection{late, nil}, s, 10 * s, 2, 3},
		{"one connection", [][]connection{{{s, 2 * s, false}}}, s, s, 0, 1},
		{"one connection that fails", [][]connection{{{s, 2 * s, true}}}, s, s, 0, 0},
		{"all fail", [][]connection{{{0, s, true}, {2 * s, 3 * s, true}}, {{s, 2 * s, true}}}, 0, 2 * s, 0, 0},
	} {
		var loops []*loop
		var successes uint64
		for _, made := range test.loops {
			l := loopThatMade(made)
			_, success, _ := l.rec.Counts()
			loops, successes = append(loops, l), successes+success
		}
		started := time.Unix(1000, 0)
		base := started.UnixNano()
		want := stats.LoadedResult{FirstNs: base + test.firstNs, LastNs: base + test.lastNs, Success: test.success}
		if got := loadedWindow(loops, started); got != want || successes != test.successesInAll {
			t.Errorf("%s: %+v of %d successes, want %+v of %d", test.name, got, successes, want, test.successesInAll)
		}
	}
}

// TestLoadedWindowCountsEverySuccess compares with a count over all connections.
func TestLoadedWindowCountsEverySuccess(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for range 200 {
		var loops []*loop
		var all []connection
		for range 1 + random.Intn(4) {
			var made []connection
			startNs := int64(0)
			for range random.Intn(50) {
				startNs += random.Int63n(10)
				made = append(made, connection{startNs, startNs + random.Int63n(100), random.Intn(4) == 0})
			}
			loops, all = append(loops, loopThatMade(made)), append(all, made...)
		}
		got := loadedWindow(loops, time.Unix(1000, 0))
		var want uint64
		for _, c := range all {
			if !c.failed && c.endNs <= got.LastNs-1000e9 {
				want++
			}
		}
		if got.Success != want {
			t.Fatalf("%d successes in the window of %v, want %d of %v", got.Success, got, want, all)
		}
	}
}
