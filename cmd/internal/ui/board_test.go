package ui

import (
	"bytes"
	"strings"
	"testing"
)

// screen is what a terminal shows after it was sent text. It knows the sequences of a board.
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
		case strings.HasPrefix(rest, "\x1b["):
			if rest[2] < '1' || rest[2] > '9' || rest[3] != 'A' {
				t.Fatalf("unknown sequence %.6q", rest)
			}
			if row -= int(rest[2] - '0'); row < 0 {
				t.Fatal("above the first line")
			}
			i += 4
		default:
			lines[row] = lines[row][:column] + rest[:1]
			column, i = column+1, i+1
		}
	}
	return strings.Join(lines, "\n")
}

func TestBoard(t *testing.T) {
	var sent bytes.Buffer
	b := &board{to: &sent}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"three lines", func() { b.show([]string{"one", "two", "three"}) }, "one\ntwo\nthree"},
		{"other ones", func() { b.show([]string{"1", "2", "3"}) }, "1\n2\n3"},
		{"what is printed is above", func() { _, _ = b.Write([]byte("a warning\n")) }, "a warning\n1\n2\n3"},
		{"fewer lines", func() { b.show([]string{"last"}) }, "a warning\nlast"},
		{"more lines", func() { b.show([]string{"x", "y"}) }, "a warning\nx\ny"},
		{"none", func() { b.show(nil) }, "a warning\n"},
		{"again", func() { b.show([]string{"z"}) }, "a warning\nz"},
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
	b := &board{to: &sent}
	b.show(append([]string{strings.Repeat("x", 200)}, make([]string, 40)...))
	lines := strings.Split(screen(t, sent.String()), "\n")
	if len(lines) != defaultRows-1 || len(lines[0]) != defaultColumns-1 {
		t.Errorf("%d lines, the first with %d characters", len(lines), len(lines[0]))
	}
}
