package engine

import (
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// TestStalls reads a clock, with sleeps between some readings.
func TestStalls(t *testing.T) {
	type reading struct{ atMs, thenSleepMs int64 }
	for _, c := range []struct {
		name     string
		timeout  time.Duration
		readings []reading
		want     []int64 // lengths in ms
	}{
		{"before the first reading", time.Second, []reading{{5000, 0}, {5001, 0}}, nil},
		{"busy", time.Second, []reading{{0, 0}, {100, 0}, {200, 0}}, nil},
		{"stopped while busy", time.Second, []reading{{0, 0}, {101, 0}, {102, 0}}, []int64{101}},
		{"asleep", time.Second, []reading{{0, 100}, {101, 100}, {301, 0}}, nil},
		{"woken early, then stopped", time.Second, []reading{{0, 100}, {3, 0}, {104, 0}}, []int64{101}},
		{"stopped while asleep", time.Second, []reading{{0, 100}, {1600, 0}}, []int64{1600}},
		{"twice", time.Second, []reading{{0, 0}, {200, 0}, {250, 0}, {550, 0}}, []int64{200, 300}},
		{"a gap as long as a short timeout", 30 * time.Millisecond, []reading{{0, 0}, {30, 0}, {61, 0}}, []int64{31}},
		{"a gap of a shared CPU", time.Microsecond, []reading{{0, 0}, {10, 0}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newStalls(c.timeout)
			for _, r := range c.readings {
				p.read(r.atMs * ms)
				p.sleeping(r.thenSleepMs * ms)
			}
			var totalNs, longestNs int64
			for _, lasted := range c.want {
				totalNs += lasted * ms
				longestNs = max(longestNs, lasted*ms)
			}
			if p.count != uint64(len(c.want)) || p.totalNs != totalNs || p.longestNs != longestNs {
				t.Errorf("%+v, want %v", p, c.want)
			}
		})
	}
}

// TestOwnTime: a deadline is later by the stalls after it was armed, also if its stamp was
// read before a stall and is used after it.
func TestOwnTime(t *testing.T) {
	p := newStalls(time.Second)
	p.read(10 * ms)
	if got := p.own(10 * ms); got != 10*ms {
		t.Errorf("own time %d before any stall, want the clock's", got)
	}
	p.read(1010 * ms) // a stall of 1000
	for at, want := range map[int64]int64{10: 10, 1010: 10, 1020: 20} {
		if got := p.own(at * ms); got != want*ms {
			t.Errorf("own time at %d ms: %d, want %d", at, got/ms, want)
		}
	}
	p.read(1020 * ms)
	p.read(1520 * ms) // a stall of 500
	for at, want := range map[int64]int64{1020: 20, 1520: 20, 1600: 100} {
		if got := p.own(at * ms); got != want*ms {
			t.Errorf("own time at %d ms: %d after two stalls, want %d", at, got/ms, want)
		}
	}
}

// TestSweep: a sweep ends with a wait that returns fewer events than it may, or with as
// many as sockets, which stops full waits from holding timeouts off.
func TestSweep(t *testing.T) {
	const most = 256
	for _, c := range []struct {
		name    string
		sockets int
		waits   []int
		want    []bool
		beganNs []int64 // of the sweep that each wait is in
	}{
		{"idle", 10, []int{0, 3}, []bool{true, true}, []int64{1, 2}},
		{"no socket yet", 0, []int{0}, []bool{true}, []int64{1}},
		{"drained by the third", 5000, []int{most, most, 7, 7}, []bool{false, false, true, true}, []int64{1, 1, 1, 4}},
		{"always full", 2 * most, []int{most, most, most}, []bool{false, true, false}, []int64{1, 1, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w sweep
			for i, events := range c.waits {
				w.begin(int64(i+1), c.sockets)
				if w.beganNs != c.beganNs[i] {
					t.Errorf("wait %d is in the sweep of %d, want %d", i, w.beganNs, c.beganNs[i])
				}
				if over := w.handled(events, most); over != c.want[i] {
					t.Errorf("wait %d ends the sweep: %v, want %v", i, over, c.want[i])
				}
			}
		})
	}
}

// TestTimeoutIsChargedAfterASweep: a deadline that passes within a sweep is not charged at
// its end, because the answer may have come after the wait.
func TestTimeoutIsChargedAfterASweep(t *testing.T) {
	run, _, err := Prepare(impatient(t, "127.0.0.1:9", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.baseline = time.Now()
	s := l.slots.take()
	l.rec.Start()
	l.enter(s, stateOpening, 0)
	for _, c := range []struct {
		began time.Duration
		want  state
	}{{l.cfg.OpenTimeout - 1, stateOpening}, {l.cfg.OpenTimeout, stateFree}} {
		l.sweep = sweep{beganNs: int64(c.began)}
		if l.expire(); s.state != c.want {
			t.Errorf("state %d after a sweep that began at %v, want %d", s.state, c.began, c.want)
		}
	}
}
