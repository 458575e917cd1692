package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wsperf/cmd/internal/ui"
)

const (
	// lookEvery is how often the carrier is asked.
	lookEvery = 500 * time.Millisecond
	// lookShare bounds the share of time in which it is: a list of thousands of parts takes it seconds.
	lookShare = 5
)

// awaitReady waits until all parts are ready. A part that has ended by then was not to: what it
// said is the error.
func (l *Launch) awaitReady(whole context.Context) error {
	ctx, cancel := context.WithTimeout(whole, l.ReadyTimeout)
	defer cancel()
	var last State
	for {
		s, err := l.look(ctx)
		switch {
		case Refused(err):
			return err
		case err != nil: // an engine that does not answer for a while
		case s.Ended > 0:
			return l.endedEarly(ctx, s)
		case s.Ready >= l.Shards:
			return nil
		default:
			l.tellAll(s.Trouble)
			last = s
		}
		if !sleep(ctx, l.pause) {
			return l.notReady(last, err)
		}
	}
}

// look asks the carrier, and tells that it does not answer.
func (l *Launch) look(ctx context.Context) (State, error) {
	begun := time.Now()
	s, err := l.Carrier.Look(ctx)
	l.pause = max(lookEvery, (lookShare-1)*time.Since(begun))
	if err != nil && ctx.Err() == nil && !Refused(err) {
		l.tell(err.Error())
	}
	return s, err
}

// maxTold bounds the troubles that are told: an engine can have a number in each that changes.
const maxTold = 50

func (l *Launch) tellAll(troubles []string) {
	for _, t := range troubles {
		l.tell(t)
	}
}

// tell warns of a trouble once.
func (l *Launch) tell(trouble string) {
	if l.told[trouble] || len(l.told) == maxTold {
		return
	}
	if l.told == nil {
		l.told = make(map[string]bool)
	}
	l.told[trouble] = true
	l.UI.Warn(trouble)
}

// sleep reports whether the time is over, and not the context.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// notReady is the error after ReadyTimeout. silence is that of the last look.
func (l *Launch) notReady(s State, silence error) error {
	err := fmt.Errorf("%d of %d parts were ready within %v: see --ready-timeout", s.Ready, l.Shards, l.ReadyTimeout)
	switch {
	case silence != nil:
		return fmt.Errorf("%w: %v", err, silence) // one line
	case len(s.Trouble) > 0:
		return fmt.Errorf("%w: %s", err, s.Trouble[0])
	}
	return err
}

// await waits for the parts' ends. The error is why they were ended.
func (l *Launch) await(whole context.Context) error {
	err := l.follow(whole)
	switch {
	case whole.Err() == context.Canceled:
		return errors.Join(ui.ErrInterrupted, l.interrupt())
	case whole.Err() != nil:
		return errors.Join(context.Cause(whole), l.interrupt())
	}
	return err
}

// follow waits for the parts' ends. When one is over, the others have a time of grace: all had the
// same share of the load, and one whose machine is gone never ends. Those that have not ended
// then are missing, which is not an error of follow.
func (l *Launch) follow(ctx context.Context) error {
	var ended, over int
	var grace <-chan time.Time
	for {
		s, err := l.look(ctx)
		l.tellAll(s.Trouble)
		switch {
		case Refused(err):
			return err
		case err != nil:
		case s.Ended >= l.Shards:
			return nil
		default:
			if s.Over > 0 && over == 0 {
				grace = time.After(l.Grace)
			}
			ended, over = s.Ended, s.Over
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grace:
			l.UI.Warn(fmt.Sprintf("%d of %d parts have not ended within %v after the first: see --grace", l.Shards-ended, l.Shards, l.Grace))
			return nil
		case <-time.After(l.pause):
		}
	}
}

// interrupt ends the parts and waits for them, at most Grace. What ended the run has ended its
// context too.
func (l *Launch) interrupt() error {
	ctx, cancel := context.WithTimeout(context.Background(), l.Grace)
	defer cancel()
	if err := l.Carrier.Interrupt(ctx); err != nil {
		return err
	}
	err := l.follow(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("some parts have not ended within %v after the interrupt: see --grace", l.Grace)
	}
	return err
}
