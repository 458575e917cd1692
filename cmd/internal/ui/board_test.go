package ui

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/engine"
)

// screen is what a terminal shows after it was sent text. It knows the sequences of a board, and no
// others.
func screen(t *testing.T, sent string) string {
	t.Helper()
	lines, row, column := []string{""}, 0, 0
	for i := 0; i < len(sent); {
		rest := sent[i:]
		switch {
		case strings.HasPrefix(rest, "\r"):
			column, i = 0, i+1
		case strings.HasPrefix(rest, "\n"):
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
			column, i = 0, i+1 // the terminal driver adds the carriage return
		case strings.HasPrefix(rest, eraseBelow):
			lines = lines[:row+1]
			lines[row], i = lines[row][:column], i+len(eraseBelow)
		case strings.HasPrefix(rest, eraseToEnd):
			lines[row], i = lines[row][:column], i+len(eraseToEnd)
		case strings.HasPrefix(rest, numbered):
			number, length := sequence(t, rest)
			if row += number; row < 0 || row >= len(lines) {
				t.Fatalf("the cursor leaves what was drawn: row %d of %d", row, len(lines))
			}
			i += length
		default:
			lines[row] = lines[row][:column] + rest[:1] + lines[row][min(column+1, len(lines[row])):]
			column, i = column+1, i+1
		}
	}
	return strings.Join(lines, "\n")
}

// sequence returns by how many rows a sequence moves the cursor, and how long it is.
func sequence(t *testing.T, text string) (rows, length int) {
	t.Helper()
	end := strings.IndexAny(text, "AB")
	if end < 0 {
		t.Fatalf("unknown sequence %.6q", text)
	}
	rows, err := strconv.Atoi(text[len(numbered):end])
	if err != nil {
		t.Fatalf("unknown sequence %.6q", text)
	}
	if text[end] == up {
		rows = -rows
	}
	return rows, end + 1
}

// says is a head that is always the same.
func says(text string) Head { return func(to []byte, _ int) []byte { return append(to, text...) } }

func TestBoard(t *testing.T) {
	var sent bytes.Buffer
	b := &Board{to: &sent}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"a head", func() { b.refresh(says("head")) }, "head"},
		{"what is printed is above", func() { _, _ = b.Write([]byte("a warning\n")) }, "a warning\nhead"},
		{"lines below", func() { b.Set([]string{"one", "two"}) }, "a warning\nhead\none\ntwo"},
		{"a shorter head", func() { b.refresh(says("h")) }, "a warning\nh\none\ntwo"},
		{"printed above both", func() { _, _ = b.Write([]byte("a note\n")) }, "a warning\na note\nh\none\ntwo"},
		{"fewer lines", func() { b.Set([]string{"1"}) }, "a warning\na note\nh\n1"},
		{"more lines", func() { b.Set([]string{"1", "2", "3"}) }, "a warning\na note\nh\n1\n2\n3"},
		{"no lines", func() { b.Set(nil) }, "a warning\na note\nh"},
		{"nothing", func() { b.remove() }, "a warning\na note\n"},
	}
	for _, s := range steps {
		s.do()
		if got := screen(t, sent.String()); got != s.want {
			t.Fatalf("%s: the screen shows\n%s\nwant\n%s", s.name, got, s.want)
		}
	}
}

// TestBoardFits: lines that are too long or too many would scroll, and be drawn again and again.
func TestBoardFits(t *testing.T) {
	var sent bytes.Buffer
	b := &Board{to: &sent}
	b.refresh(says("head"))
	b.Set(append([]string{strings.Repeat("x", 200)}, make([]string, 40)...))
	lines := strings.Split(screen(t, sent.String()), "\n")
	if len(lines) != defaultRows-1 || len(lines[1]) != defaultColumns-1 {
		t.Errorf("%d lines, the second with %d characters", len(lines), len(lines[1]))
	}
}

func TestLinesAppearAboveTheProgress(t *testing.T) {
	var terminal bytes.Buffer
	u := New(nil, io.Discard, &terminal)
	b := &Board{to: &terminal}
	u.divert(b)
	u.Warn("early")
	r := &readings{goal: Goal{Connections: 100}}
	r.add(time.Second, engine.Progress{Success: 50})
	b.refresh(r.appendLine)
	shown := string(b.head)
	u.Note("late")
	b.remove()

	if !strings.HasPrefix(shown, " 50% [=") || len(shown) != defaultColumns-1 {
		t.Errorf("progress %q", shown)
	}
	want := "\r\x1b[Kwsperf: warning: early\n" + "\r" + shown + "\x1b[K" + "\r\x1b[Kwsperf: late\n" + shown + "\r\x1b[K"
	if got := terminal.String(); got != want {
		t.Errorf("terminal got\n%q, want\n%q", got, want)
	}
}

// TestRefreshAllocatesNothing: a run of a day redraws the head 345600 times, and garbage is not
// collected meanwhile.
func TestRefreshAllocatesNothing(t *testing.T) {
	b := &Board{to: io.Discard}
	b.Set([]string{"below"})
	r := &readings{goal: Goal{Connections: 1 << 40}}
	p := engine.Progress{InFlight: 500}
	elapsed := time.Duration(0)
	var head Head = func(to []byte, columns int) []byte {
		p.Success += 5000
		elapsed += RefreshEvery
		r.add(elapsed, p)
		return r.appendLine(to, columns)
	}
	refresh := func() { b.refresh(head) }
	for range 2 * rateReadings {
		refresh()
	}
	if n := testing.AllocsPerRun(1000, refresh); n != 0 {
		t.Errorf("%v allocations to redraw the head, want none", n)
	}
}
