package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// Exit codes of the process.
const (
	exitDone        = 0
	exitFailed      = 1   // could not run, every handshake failed, or a result could not be written
	exitUsage       = 2   // the command line is wrong: nothing was started
	exitInterrupted = 130 // ended by a signal: 128 + SIGINT, as shells report it
)

// usageError is a command line that is refused.
type usageError struct {
	err  error
	path string // the command whose help says what is right
}

func (e *usageError) Error() string { return fmt.Sprintf("%v (see %s --help)", e.err, e.path) }
func (e *usageError) Unwrap() error { return e.err }

// errInterrupted marks a run that was ended by a signal and reported: there is nothing more to print.
var errInterrupted = errors.New("interrupted")

// ui is all that the user sees: results on standard output; errors, warnings
// and progress on standard error.
type ui struct {
	in  io.Reader
	out *bufio.Writer // keeps its first error, which finish reports

	stderr io.Writer
	tty    bool // standard error is a terminal that can be written to in place
	colour bool

	mu  sync.Mutex
	err io.Writer // stderr, or the progress display while it owns the terminal
}

func newUI(stdin io.Reader, stdout, stderr io.Writer) *ui {
	tty := isTerminal(stderr) && os.Getenv("TERM") != "dumb"
	return &ui{
		in:     stdin,
		out:    bufio.NewWriterSize(namedWriter{"standard output", stdout}, 64<<10),
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

// finish writes out what is left, prints the errors, one line each, and returns the exit code.
func (u *ui) finish(err error) int {
	if lost := u.out.Flush(); lost != nil && !errors.Is(err, lost) {
		err = errors.Join(err, lost)
	}
	code := exitDone
	for _, e := range flatten(err) {
		if e != errInterrupted {
			u.line("", "31", e.Error())
		}
		code = worse(code, exitCode(e))
	}
	return code
}

// exitAtOnce ends the process after a second signal: nothing is finished any more.
func (u *ui) exitAtOnce() { os.Exit(exitInterrupted) }

func exitCode(err error) int {
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// worse prefers a failure to an interruption: a result that was lost must be
// seen by a script that expects to interrupt.
func worse(a, b int) int {
	if a == exitFailed || b == exitFailed {
		return exitFailed
	}
	return max(a, b)
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// warn prints a warning: a full sentence without its end.
func (u *ui) warn(sentence string) { u.line("warning: ", "33", sentence) }

// note prints a line that is neither error nor warning.
func (u *ui) note(sentence string) { u.line("", "", sentence) }

// line prints one line on standard error; colour is that of the prefix, an SGR
// parameter (ECMA-48 section 8.3.117).
func (u *ui) line(kind, colour, text string) {
	prefix := "wsperf: " + kind
	if u.colour && colour != "" {
		prefix = "\x1b[" + colour + "m" + prefix + "\x1b[0m"
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	line := prefix + oneLine(text) + "\n"
	if _, err := io.WriteString(u.err, line); err != nil && u.err != u.stderr {
		// The progress display has just ended; nothing helps if standard error itself is gone.
		_, _ = io.WriteString(u.stderr, line)
	}
}

// oneLine keeps text from another program or file from breaking the line or steering the terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
}

// divert sends what is printed on standard error through w, until w is nil.
func (u *ui) divert(w io.Writer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = w
	if w == nil {
		u.err = u.stderr
	}
}

// namedWriter says in its errors where the bytes were to go.
type namedWriter struct {
	name string
	w    io.Writer
}

func (n namedWriter) Write(p []byte) (int, error) {
	written, err := n.w.Write(p)
	if err != nil {
		err = fmt.Errorf("%s: %w", n.name, bare(err))
	}
	return written, err
}

// bare removes what the os package adds to an error of the system: the call and the path.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
