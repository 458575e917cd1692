package ui

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// statusLine is the last line of a terminal, which is redrawn. What is written to the
// terminal meanwhile goes through it, and appears above the line.
type statusLine struct {
	to io.Writer

	mu     sync.Mutex
	text   []byte // what the line shows
	buffer []byte // of one write
}

// Control sequences (ECMA-48 sections 8.3.15 and 8.3.41).
const (
	toLineStart = "\r"
	eraseToEnd  = "\x1b[K"
)

// show redraws the line. The last column stays empty: a character in it would make some
// terminals wrap the line.
func (s *statusLine) show(r *readings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = r.appendLine(s.text[:0], s.columns()-1)
	s.buffer = append(s.buffer[:0], toLineStart...)
	s.buffer = append(s.buffer, s.text...)
	s.buffer = append(s.buffer, eraseToEnd...)
	_, _ = s.to.Write(s.buffer) // a terminal that is gone needs no progress
}

// defaultColumns is the width of a terminal that does not tell its own.
const defaultColumns = 80

func (s *statusLine) columns() int {
	f, ok := s.to.(*os.File)
	if !ok {
		return defaultColumns
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return defaultColumns
	}
	return int(size.Col)
}

// Write prints whole lines above the status line.
func (s *statusLine) Write(lines []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buffer = append(s.buffer[:0], toLineStart+eraseToEnd...)
	s.buffer = append(s.buffer, lines...)
	s.buffer = append(s.buffer, s.text...)
	if _, err := s.to.Write(s.buffer); err != nil {
		return 0, err
	}
	return len(lines), nil
}

// remove erases the line.
func (s *statusLine) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.text) > 0 {
		_, _ = io.WriteString(s.to, toLineStart+eraseToEnd)
	}
}
