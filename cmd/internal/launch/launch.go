// Package launch spreads a run over machines by an engine that people already run, such as
// Kubernetes or Slurm. The engine carries the parts: it starts their processes and keeps what
// they print. Launch gives them the moment at which they begin, and merges their results.
// There is no connection between it and the parts.
package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

// Carrier is an engine that starts the parts of a run. Its methods are called one at a time, in
// the order of this list; Look between all of them.
//
// An error that asking again does not change is a Refusal.
type Carrier interface {
	// Name is what messages call that which Submit makes, such as "job wsperf-k2x9q in namespace load".
	Name() string
	// Submit asks the engine for the parts, and returns when it has accepted them.
	Submit(ctx context.Context) error
	// Look returns how the parts are.
	Look(ctx context.Context) (State, error)
	// Begin gives all parts the moment at which they begin.
	Begin(ctx context.Context, at time.Time) error
	// Interrupt ends the parts as Ctrl-C ends a run: they print what they have measured. It does not
	// wait for that.
	Interrupt(ctx context.Context) error
	// Collect passes on what the parts that have ended have printed, as far as they can be reached. It
	// calls take once at a time.
	Collect(ctx context.Context, take func(Output)) error
	// Delete removes what Submit has made, with parts that have not ended. It is called whatever has
	// failed before, also if Submit has made nothing.
	Delete(ctx context.Context) error
}

// State is how many parts are where.
type State struct {
	Ready int // prepared: they wait for the moment, or have begun, or have ended
	Ended int // in whatever way
	Over  int // of Ended: those that came to the end of their run. They were neither killed nor too late

	// Trouble is what is wrong with the parts, in the engine's words, a line each: no node has room, a
	// part was killed. Many troubles pass.
	Trouble []string
}

// Output is what a part has printed.
type Output struct {
	Name   string // of the part for messages, such as that of its pod
	Result []byte // its standard output, the last line of which is its result
	Words  string // the end of its standard error, or the engine's words for its end
}

// Refusal is an error that asking again does not change: the engine has answered, and refuses.
type Refusal struct{ Err error }

func (r Refusal) Error() string { return r.Err.Error() }
func (r Refusal) Unwrap() error { return r.Err }

// Refused reports whether an error is a Refusal or wraps one.
func Refused(err error) bool {
	_, ok := errors.AsType[Refusal](err)
	return ok
}

// MaxParts is the limit of the parts of a run.
const MaxParts = stats.MaxParts

// Plan is how a run is launched, and how long is waited for what.
type Plan struct {
	Shards       int           // parts, 1 to MaxParts
	Lead         time.Duration // from publishing the moment to the moment
	ReadyTimeout time.Duration // until all parts are ready
	Grace        time.Duration // for the other parts when one is over, and for all after an interrupt
	Timeout      time.Duration // for the whole
	Keep         bool          // do not delete
}

// Launch is a plan in the hands of a carrier.
type Launch struct {
	Plan
	Carrier Carrier
	UI      *ui.UI
	Signals *ui.Interrupts // told what a signal does; nil: nobody is

	told  map[string]bool // troubles
	pause time.Duration   // until the carrier is asked again
}

// cleanupTimeout bounds what is done after the run, with an engine that may not answer.
const cleanupTimeout = 60 * time.Second

// Do launches the parts and merges their results; stats.Result.Spread says which are missing. With a
// result there can be an error, such as that not all was deleted. When ctx is cancelled, parts that have begun are interrupted, and
// what they have measured is the result.
func (l *Launch) Do(ctx context.Context) (r *stats.Result, err error) {
	whole, cancel := context.WithTimeoutCause(ctx, l.Timeout, fmt.Errorf("the run has not ended within %v: see --timeout", l.Timeout))
	defer cancel()
	defer func() { err = errors.Join(err, l.cleanUp()) }()
	if err := l.begin(whole); err != nil {
		return nil, early(whole, err)
	}
	cut := l.await(whole)
	r, err = l.collect()
	if r == nil && errors.Is(cut, ui.ErrInterrupted) {
		return nil, ui.ErrEarly // no part had begun, or none could be asked
	}
	return r, errors.Join(cut, err)
}

// begin submits the parts and gives them the moment when all are ready.
func (l *Launch) begin(ctx context.Context) error {
	l.hint("interrupted: %s ends (again to stop at once and leave it)")
	if err := l.Carrier.Submit(ctx); err != nil {
		return err
	}
	l.UI.Note(fmt.Sprintf("%s: waiting for %d parts", l.Carrier.Name(), l.Shards))
	if err := l.awaitReady(ctx); err != nil {
		return err
	}
	at := time.Now().Add(l.Lead)
	if err := l.Carrier.Begin(ctx, at); err != nil {
		return err
	}
	if time.Until(at) < l.Lead/4 {
		l.UI.Warn(fmt.Sprintf("giving %d parts the moment at which they begin took %v of --lead %v: some may be too late",
			l.Shards, (l.Lead - time.Until(at)).Round(time.Millisecond), l.Lead))
	}
	l.UI.Note(fmt.Sprintf("all %d parts are ready, and begin at %s UTC", l.Shards, at.UTC().Format("15:04:05.000")))
	l.hint("interrupted: the parts of %s close their connections (again to stop at once and leave it)")
	return nil
}

// hint says what the first signal does.
func (l *Launch) hint(format string) {
	if l.Signals != nil {
		l.Signals.OnFirst(fmt.Sprintf(format, l.Carrier.Name()))
	}
}

// early is the error of a launch that ended before its parts were given their moment.
func early(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == context.Canceled:
		return ui.ErrEarly
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// cleanUp has a time of its own: the run may have been interrupted.
func (l *Launch) cleanUp() error {
	if l.Keep {
		l.UI.Note(l.Carrier.Name() + " was kept")
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if err := l.Carrier.Delete(ctx); err != nil {
		return fmt.Errorf("%s was not deleted: %w", l.Carrier.Name(), err)
	}
	return nil
}
