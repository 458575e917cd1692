package ui

import (
	"testing"
	"time"

	"wsperf/engine"
)

// at adds a reading of a run with perSecond successes per second.
func at(d *readings, elapsed time.Duration, perSecond float64) {
	d.add(elapsed, engine.Progress{Success: uint64(perSecond * elapsed.Seconds()), InFlight: 250})
}

func TestReadingsFitsTheTerminal(t *testing.T) {
	d := &readings{goal: Goal{Connections: 200000}}
	at(d, time.Second, 10000)
	at(d, 2*time.Second, 10000)
	for columns, want := range map[int]string{
		100: " 10% [===>                                  ] 18s left  10000/s  fail 0  in flight 250  20000/200000",
		60:  " 10% [=>          ] 18s left  10000/s  fail 0  in flight 250",
		40:  " 10% [>      ] 18s left  10000/s  fail 0",
		31:  " 10% [>     ] 18s left  10000/s",
		30:  " 10% [=>            ] 18s left",
		22:  " 10% [>     ] 18s left",
		21:  " 10% [=>           ] ",
		14:  " 10% [>     ] ",
		13:  " 10%",
		4:   " 10%",
		3:   "",
		-1:  "",
	} {
		if got := string(d.appendLine(nil, columns)); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}

func TestReadingsTimeLeft(t *testing.T) {
	for _, c := range []struct {
		name     string
		goal     Goal
		elapsed  time.Duration
		progress engine.Progress
		want     string
	}{
		{"at half", Goal{Connections: 1000}, time.Second, engine.Progress{Success: 400, Fail: 100}, "1s left"},
		{"after a warm-up", Goal{Connections: 1000}, time.Second, engine.Progress{Success: 400, Fail: 100, Warmup: 200}, "1s left"},
		{"minutes", Goal{Connections: 126}, time.Second, engine.Progress{Success: 1}, "2m05s left"},
		{"hours", Goal{Connections: 7321}, time.Second, engine.Progress{Success: 1}, "2h02m left"},
		{"nothing ended yet", Goal{Connections: 1000}, time.Second, engine.Progress{}, "- left"},
		{"for ever", Goal{Connections: 1 << 62}, time.Second, engine.Progress{Success: 1}, "- left"},
		{"duration", Goal{Duration: 90 * time.Second}, 30 * time.Second, engine.Progress{}, "30s/1m30s"},
		{"duration over", Goal{Duration: time.Second}, 3 * time.Second, engine.Progress{}, "1s/1s"},
	} {
		d := &readings{goal: c.goal}
		d.add(c.elapsed, c.progress)
		last, rate := d.latest()
		if got := string(appendTimeLeft(nil, c.goal, last, rate)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadingsRateIsOfTheLastTwoSeconds(t *testing.T) {
	d := &readings{goal: Goal{Connections: 1 << 40}}
	if _, rate := d.latest(); rate != 0 {
		t.Errorf("rate %v before the first reading", rate)
	}
	done := uint64(0)
	for i := range 40 {
		if i < 20 {
			done += 100
		} else {
			done += 1000
		}
		d.add(time.Duration(i)*RefreshEvery, engine.Progress{Success: done})
	}
	if _, rate := d.latest(); rate != 4000 {
		t.Errorf("rate %v, want 4000, that of the last two seconds", rate)
	}
	if n := len(d.all); n != rateReadings+1 {
		t.Errorf("%d readings are kept, want %d", n, rateReadings+1)
	}
}

func TestReadingsShare(t *testing.T) {
	const columns = 12 // for the share alone
	for elapsed, want := range map[time.Duration]string{
		0: "  0%", 999 * time.Millisecond: "  9%", 9999 * time.Millisecond: " 99%", 12 * time.Second: "100%",
	} {
		d := &readings{goal: Goal{Duration: 10 * time.Second}}
		d.add(elapsed, engine.Progress{})
		if got := string(d.appendLine(nil, columns)); got != want {
			t.Errorf("%v of 10 s: %q, want %q", elapsed, got, want)
		}
	}
}

func TestFullBar(t *testing.T) {
	if got, want := string(appendBar(nil, 14, 1)), " [==========] "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
