package ui

import (
	"errors"
	"fmt"
)

// Exit codes of the process.
const (
	ExitDone        = 0
	ExitFailed      = 1   // could not run, every handshake failed, or a result could not be written
	ExitUsage       = 2   // wrong command line: nothing was started
	ExitInterrupted = 130 // ended by Ctrl-C: 128 + SIGINT. SIGTERM makes it 143, SIGHUP 129

	ExitSignalled = 128 // shells add the signal to it (POSIX.1-2024 XCU 2.8.2: greater than 128)
)

// UsageError is a mistake on the command line.
type UsageError struct {
	Err     error
	Command string // whose --help says what is right, such as "wsperf run"
}

func (e *UsageError) Error() string { return fmt.Sprintf("%v (see %s --help)", e.Err, e.Command) }
func (e *UsageError) Unwrap() error { return e.Err }

// ErrInterrupted is the end of a run that was ended by a signal and has been
// reported. It decides the exit code and is not printed.
var ErrInterrupted = errors.New("interrupted")

// ErrEarly is an interruption before there was anything to report. It is printed.
var ErrEarly = fmt.Errorf("%w before the run began", ErrInterrupted)

// Told is an error that the user, or the process that started this one, has
// been told already. It decides the exit code and is not printed.
type Told struct{ Err error }

func (t Told) Error() string { return t.Err.Error() }
func (t Told) Unwrap() error { return t.Err }

// ExitCode returns the exit code for an error, joined or not.
func ExitCode(err error) int {
	code := ExitDone
	for _, e := range Flatten(err) {
		code = worse(code, exitCodeOf(e))
	}
	return code
}

func exitCodeOf(err error) int {
	var told Told
	if errors.As(err, &told) {
		return ExitCode(told.Err)
	}
	var usage *UsageError
	switch {
	case errors.As(err, &usage):
		return ExitUsage
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	}
	return ExitFailed
}

// worse prefers a failure to an interruption: a script that expects to interrupt
// must see that a result was lost.
func worse(a, b int) int {
	if a == ExitFailed || b == ExitFailed {
		return ExitFailed
	}
	return max(a, b)
}

// Flatten takes joined errors apart. nil gives none.
func Flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Flatten(e)...)
	}
	return all
}

// Lines returns the errors that are to be printed, one line each.
func Lines(err error) []string {
	var lines []string
	for _, e := range Flatten(err) {
		if _, told := e.(Told); !told && e != ErrInterrupted {
			lines = append(lines, OneLine(e.Error()))
		}
	}
	return lines
}
