// Package ui is what the user sees of wsperf: results on standard output; errors,
// warnings and progress on standard error; exit codes; and the signals that end a run.
package ui

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"
)

// UI is the three standard streams of the process, and its arguments.
type UI struct {
	Args []string // as the user gave them, without the name of the program

	In  io.Reader
	Out *bufio.Writer // keeps its first error, which Finish reports

	stdout io.Writer
	stderr io.Writer
	tty    bool // standard error is a terminal on which a line can be redrawn
	colour bool

	signal atomic.Int32 // the latest signal that ended the run; 0: none

	mu  sync.Mutex
	err io.Writer // stderr, or the progress display while that owns the terminal
}

// New uses the given streams. Colour and progress are for terminals only.
func New(stdin io.Reader, stdout, stderr io.Writer) *UI {
	tty := isTerminal(stderr) && os.Getenv("TERM") != "dumb"
	return &UI{
		In:     stdin,
		Out:    bufio.NewWriterSize(namedWriter{"standard output", stdout}, 64<<10),
		stdout: stdout,
		stderr: stderr,
		tty:    tty,
		colour: tty && os.Getenv("NO_COLOR") == "", // https://no-color.org
		err:    stderr,
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Stderr is standard error as it was given to New.
func (u *UI) Stderr() io.Writer { return u.stderr }

// Terminal reports whether progress can be shown.
func (u *UI) Terminal() bool { return u.tty }

// Finish flushes standard output, prints the errors, one line each, and returns
// the exit code.
func (u *UI) Finish(err error) int {
	if lost := u.Out.Flush(); lost != nil && !errors.Is(err, lost) {
		err = errors.Join(err, lost)
	}
	for _, line := range Lines(err) {
		u.line("", "31", line)
	}
	return u.ofSignal(ExitCode(err))
}

// ExitAtOnce ends the process after a second signal. Nothing is flushed.
func (u *UI) ExitAtOnce() { os.Exit(u.ofSignal(ExitInterrupted)) }

func (u *UI) endedBy(sig syscall.Signal) { u.signal.Store(int32(sig)) }

// ofSignal replaces ExitInterrupted by the exit code of the signal, if there was one.
func (u *UI) ofSignal(code int) int {
	if sig := u.signal.Load(); sig != 0 && code == ExitInterrupted {
		return ExitSignalled + int(sig)
	}
	return code
}

// Warn prints a warning: a sentence without its full stop.
func (u *UI) Warn(sentence string) { u.line("warning: ", "33", sentence) }

// Note prints a line that is neither an error nor a warning.
func (u *UI) Note(sentence string) { u.line("", "", sentence) }

// Print prints lines on standard error, as they are.
func (u *UI) Print(lines string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, err := io.WriteString(u.err, lines); err != nil && u.err != u.stderr {
		// The progress display has just ended. If standard error itself is gone, nothing helps.
		_, _ = io.WriteString(u.stderr, lines)
	}
}

// line prints one line on standard error. colour is that of the prefix, an SGR
// parameter (ECMA-48 section 8.3.117).
func (u *UI) line(kind, colour, text string) {
	prefix := "wsperf: " + kind
	if u.colour && colour != "" {
		prefix = "\x1b[" + colour + "m" + prefix + "\x1b[0m"
	}
	u.Print(prefix + OneLine(text) + "\n")
}

// OneLine replaces control characters by spaces: text from another program or
// from a file must neither break the line nor control the terminal.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
}

// divert sends what is printed on standard error through w; nil: to standard error again.
func (u *UI) divert(w io.Writer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = w
	if w == nil {
		u.err = u.stderr
	}
}

// namedWriter names the destination in its errors.
type namedWriter struct {
	name string
	w    io.Writer
}

func (n namedWriter) Write(p []byte) (int, error) {
	written, err := n.w.Write(p)
	if err != nil {
		err = fmt.Errorf("%s: %w", n.name, systemError(err))
	}
	return written, err
}

// systemError removes the call and the path, which package os adds.
func systemError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
