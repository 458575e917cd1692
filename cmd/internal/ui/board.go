package ui

import (
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Board is the last lines of a terminal: a head, which is redrawn a few times a second, and lines
// below it. What is written to the terminal meanwhile goes through the board, and appears above it.
//
// To redraw the head allocates nothing: garbage is not collected while a run is measured, and a run of
// days would grow by it.
type Board struct {
	to   io.Writer
	stop func()

	mu     sync.Mutex
	head   []byte
	below  []string
	buffer []byte // of one write
}

// Head appends the head of a board, at most that many columns of ASCII.
type Head func(to []byte, columns int) []byte

// ShowBoard shows a board on the terminal until it is stopped.
func (u *UI) ShowBoard(head Head) *Board {
	b := &Board{to: u.stderr}
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
				b.refresh(head)
			}
		}
	}()
	b.stop = func() {
		close(quit)
		<-drawn
		u.divert(nil)
		b.remove()
	}
	return b
}

// Stop removes the board and gives standard error back.
func (b *Board) Stop() { b.stop() }

// Control sequences (ECMA-48 sections 8.3.15, 8.3.19, 8.3.22, 8.3.39 and 8.3.41). Lines up and down
// take a number between the first two bytes and the last one.
const (
	toLineStart = "\r"
	eraseToEnd  = "\x1b[K"
	eraseBelow  = "\x1b[J"
	numbered    = "\x1b["
	up, down    = 'A', 'B'
)

// move appends the sequence that moves the cursor by the lines below the head.
func (b *Board) move(direction byte) {
	if len(b.below) > 0 {
		b.buffer = append(strconv.AppendInt(append(b.buffer, numbered...), int64(len(b.below)), 10), direction)
	}
}

// refresh redraws the head. The cursor is always in the last line.
func (b *Board) refresh(head Head) {
	b.mu.Lock()
	defer b.mu.Unlock()
	columns, _ := b.size()
	b.head = head(b.head[:0], columns-1)
	b.buffer = b.buffer[:0]
	b.move(up)
	b.buffer = append(b.buffer, toLineStart...)
	b.buffer = append(b.buffer, b.head...)
	b.buffer = append(b.buffer, eraseToEnd...)
	b.move(down)
	b.send()
}

// Set replaces the lines below the head. What is longer than a line of the terminal is cut: a
// character in the last column would make some terminals wrap the line. Lines for which the terminal
// has no room are left out.
func (b *Board) Set(lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	columns, rows := b.size()
	b.erase()
	b.below = nil
	for _, l := range lines[:min(len(lines), max(0, rows-2))] {
		b.below = append(b.below, l[:min(len(l), columns-1)])
	}
	b.draw()
	b.send()
}

// Write prints whole lines above the board.
func (b *Board) Write(lines []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	b.buffer = append(b.buffer, lines...)
	b.draw()
	if _, err := b.to.Write(b.buffer); err != nil {
		return 0, err
	}
	return len(lines), nil
}

// erase begins a write with what erases the board.
func (b *Board) erase() {
	b.buffer = b.buffer[:0]
	b.move(up)
	b.buffer = append(b.buffer, toLineStart...)
	if len(b.below) > 0 {
		b.buffer = append(b.buffer, eraseBelow...)
	} else {
		b.buffer = append(b.buffer, eraseToEnd...)
	}
}

// draw appends the board.
func (b *Board) draw() {
	b.buffer = append(b.buffer, b.head...)
	for _, l := range b.below {
		b.buffer = append(append(b.buffer, "\r\n"...), l...)
	}
}

// send writes what was appended. A terminal that is gone needs no board.
func (b *Board) send() { _, _ = b.to.Write(b.buffer) }

// remove erases the board.
func (b *Board) remove() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.head)+len(b.below) == 0 {
		return
	}
	b.erase()
	b.send()
	b.head, b.below = b.head[:0], nil
}

// The size of a terminal that does not tell its own.
const (
	defaultColumns = 80
	defaultRows    = 24
)

func (b *Board) size() (columns, rows int) {
	columns, rows = defaultColumns, defaultRows
	f, ok := b.to.(*os.File)
	if !ok {
		return columns, rows
	}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 && size.Row > 0 {
		columns, rows = int(size.Col), int(size.Row)
	}
	return columns, rows
}
