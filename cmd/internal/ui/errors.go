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
	ExitUnmet       = 3   // the result does not meet a requirement (--require)
	ExitInvalid     = 4   // the result does not say anything about the testee (--require valid)
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

// Unmet is a requirement that the result does not meet.
type Unmet struct{ Err error }

func (u Unmet) Error() string { return u.Err.Error() }
func (u Unmet) Unwrap() error { return u.Err }

// Invalid is a result that does not say anything about the testee, as it was required to. That
// is above a requirement that is not met: what was found is not the testee's.
type Invalid struct{ Err error }

func (i Invalid) Error() string { return i.Err.Error() }
func (i Invalid) Unwrap() error { return i.Err }

// NoSuccess is a run in which every handshake failed. An unmet requirement or an
// interruption decides the exit code in its place.
type NoSuccess struct{ Err error }

func (n NoSuccess) Error() string { return n.Err.Error() }
func (n NoSuccess) Unwrap() error { return n.Err }

// severity orders the kinds of errors: of several, the greatest decides the exit code. A
// failure is above an interruption, because a script that expects to interrupt must see
// that a result was lost.
type severity int

const (
	done severity = iota
	noSuccess
	usage
	unmet
	invalid
	interrupted
	failed
)

var exitCodes = [...]int{
	done: ExitDone, noSuccess: ExitFailed, usage: ExitUsage, unmet: ExitUnmet, invalid: ExitInvalid, interrupted: ExitInterrupted, failed: ExitFailed,
}

// ExitCode returns the exit code for an error, joined or not.
func ExitCode(err error) int { return exitCodes[severityOf(err)] }

// IsNoSuccess reports whether nothing is wrong but that every handshake failed.
func IsNoSuccess(err error) bool { return severityOf(err) == noSuccess }

func severityOf(err error) severity {
	worst := done
	for _, e := range Flatten(err) {
		worst = max(worst, severityOfOne(e))
	}
	return worst
}

func severityOfOne(err error) severity {
	if told, ok := errors.AsType[Told](err); ok {
		return severityOf(told.Err)
	}
	switch {
	case is[*UsageError](err):
		return usage
	case is[Unmet](err):
		return unmet
	case is[Invalid](err):
		return invalid
	case is[NoSuccess](err):
		return noSuccess
	case errors.Is(err, ErrInterrupted):
		return interrupted
	}
	return failed
}

// is reports whether an error is of that type or wraps one that is.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
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
