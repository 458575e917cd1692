package ui

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// board is the last lines of a terminal, which are redrawn. What is written to the terminal
// meanwhile goes through it, and appears above them.
type board struct {
	to io.Writer

	mu    sync.Mutex
	lines []string // that are shown
}

// ShowBoard draws lines on the terminal, a few times a second from what lines returns, until stop
// is called. stop removes them and gives standard error back.
func (u *UI) ShowBoard(lines func() []string) (stop func()) {
	b := &board{to: u.stderr}
	u.divert(b)
	quit, drawn := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drawn)
		ticker := time.NewTicker(RefreshEvery)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				b.show(lines())
			}
		}
	}()
	return func() {
		close(quit)
		<-drawn
		u.divert(nil)
		b.show(nil)
	}
}

// Control sequences (ECMA-48 sections 8.3.22 and 8.3.39).
const (
	linesUp    = "\x1b[%dA"
	eraseBelow = "\x1b[J"
)

// show redraws the lines, as far as the terminal has room for them.
func (b *board) show(lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	b.clear(&out)
	b.lines = b.fitting(lines)
	b.draw(&out)
	_, _ = io.WriteString(b.to, out.String()) // a terminal that is gone needs no progress
}

// clear moves to where the lines begin, and erases them.
func (b *board) clear(out *strings.Builder) {
	if up := len(b.lines) - 1; up > 0 {
		fmt.Fprintf(out, linesUp, up)
	}
	if len(b.lines) > 0 {
		out.WriteString(toLineStart + eraseBelow)
	}
}

// draw writes the lines. The cursor stays at the end of the last one.
func (b *board) draw(out *strings.Builder) { out.WriteString(strings.Join(b.lines, "\r\n")) }

// fitting cuts what is longer than a line of the terminal, whose last column stays empty, and
// leaves out the lines that it has no room for.
func (b *board) fitting(lines []string) []string {
	columns, rows := b.size()
	var fit []string
	for _, l := range lines[:min(len(lines), rows-1)] {
		fit = append(fit, l[:min(len(l), columns-1)])
	}
	return fit
}

// Write prints whole lines above.
func (b *board) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	b.clear(&out)
	out.Write(text)
	b.draw(&out)
	if _, err := io.WriteString(b.to, out.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// defaultRows is the height of a terminal that does not tell its own.
const defaultRows = 24

func (b *board) size() (columns, rows int) {
	columns, rows = defaultColumns, defaultRows
	f, ok := b.to.(*os.File)
	if !ok {
		return columns, rows
	}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 1 && size.Row > 1 {
		columns, rows = int(size.Col), int(size.Row)
	}
	return columns, rows
}
