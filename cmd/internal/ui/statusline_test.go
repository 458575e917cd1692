package ui

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"wsperf/engine"
)

func TestLinesAppearAboveTheStatusLine(t *testing.T) {
	var terminal bytes.Buffer
	u := New(nil, io.Discard, &terminal)
	line := &statusLine{to: &terminal}
	u.divert(line)
	u.Warn("early")
	r := &readings{goal: Goal{Connections: 100}}
	r.add(time.Second, engine.Progress{Success: 50})
	line.show(r)
	shown := string(line.text)
	u.Note("late")
	line.remove()

	if !strings.HasPrefix(shown, " 50% [=") {
		t.Errorf("status line %q", shown)
	}
	want := "\r\x1b[Kwsperf: warning: early\n" + "\r" + shown + "\x1b[K" + "\r\x1b[Kwsperf: late\n" + shown + "\r\x1b[K"
	if got := terminal.String(); got != want {
		t.Errorf("terminal got\n%q, want\n%q", got, want)
	}
}

// TestProgressAllocatesNothing: a run of a day redraws the line 345600 times, and
// garbage is not collected meanwhile.
func TestProgressAllocatesNothing(t *testing.T) {
	line := &statusLine{to: io.Discard}
	r := &readings{goal: Goal{Connections: 1 << 40}}
	p := engine.Progress{InFlight: 500}
	elapsed := time.Duration(0)
	refresh := func() {
		p.Success += 5000
		elapsed += RefreshEvery
		r.add(elapsed, p)
		line.show(r)
	}
	for range 2 * rateReadings {
		refresh()
	}
	if n := testing.AllocsPerRun(1000, refresh); n != 0 {
		t.Errorf("%v allocations to redraw the line, want none", n)
	}
}
