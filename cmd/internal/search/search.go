package search

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/require"
)

// Do searches, prints each step when it has ended and the answer at last.
func (s *Search) Do(ctx context.Context, u *ui.UI) error {
	if err := measure.CheckOutput(u, s.options.Options); err != nil {
		return err
	}
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	at, err := measure.Resolve(ctx, s.job)
	if err != nil {
		return err
	}
	file, err := s.prepareFile(ctx, u)
	if err != nil {
		return err
	}
	r := &searching{
		Search: s, ui: u, address: at, lines: s.lines(u),
		watch: &measure.Repeated{UI: u, Signals: signals, Quiet: s.options.Quiet || !u.Terminal(), Interrupt: "closing open connections"},
	}
	err = r.all(ctx)
	signals.Writing()
	switch {
	case len(r.steps) == 0 && err != ui.ErrInterrupted:
		return err // nothing was begun
	case errors.Is(err, ui.ErrEarly):
		err = ui.ErrInterrupted // before a step, but not before the first
	}
	e := r.ending(err)
	lost := r.printAnswer(e)
	if errors.Is(lost, err) {
		lost = nil // the same error has ended the search: nobody reads its lines
	}
	return errors.Join(r.save(file, signals, e), lost, err, e.verdict())
}

// prepareFile checks that the file of the document can be written; nil: there is to be none.
func (s *Search) prepareFile(ctx context.Context, u *ui.UI) (*resultfile.File, error) {
	if s.options.Out == "" || s.options.Out == job.StandardOutput {
		return nil, nil
	}
	return measure.PrepareFile(ctx, s.options.Out, func(pipe string) { measure.NoteWaiting(u, pipe) })
}

// searching is a search under way.
type searching struct {
	*Search
	ui      *ui.UI
	watch   *measure.Repeated
	address netip.AddrPort
	lines   *lines

	steps   []step
	tallies Tallies
	failed  *stats.Result // of the step at the lowest rate in which connections failed and the requirements were missed
}

// all makes the steps. A step that a signal has ended is not counted.
func (r *searching) all(ctx context.Context) error {
	for {
		rate, ok := r.plan.Next(r.tallies)
		if !ok {
			return nil
		}
		result, err := r.run(ctx, rate)
		if err != nil {
			return err
		}
		outcome := outcomeOf(result)
		if err := r.show(rate, outcome, result); err != nil {
			return err
		}
		if err := stillThere(result); err != nil {
			return err
		}
		r.count(rate, outcome, result)
		if _, more := r.plan.Next(r.tallies); !more {
			return nil
		}
		if !sleep(ctx, restAfter(outcome, time.Duration(r.options.StepUs)*time.Microsecond)) {
			return ui.ErrInterrupted
		}
	}
}

// run makes a step. It returns when its last connection has ended.
func (r *searching) run(ctx context.Context, rate float64) (*stats.Result, error) {
	j, err := job.New(r.stepOptions(rate, r.address.String()))
	if err != nil {
		return nil, err
	}
	m, err := measure.Run(ctx, j, r.watch)
	switch {
	case err != nil:
		return nil, err
	case m.Result.Interrupted:
		return nil, ui.ErrInterrupted
	}
	m.Result.Findings = require.CheckAll(r.options.Requirements, m.Result)
	return m.Result, nil
}

// show keeps a step and prints its line.
func (r *searching) show(rate float64, o Outcome, result *stats.Result) error {
	s, err := newStep(rate, o, result)
	if err != nil {
		return err
	}
	r.steps = append(r.steps, s)
	return r.lines.step(s, result)
}

// count lets a step count for its rate.
func (r *searching) count(rate float64, o Outcome, result *stats.Result) {
	r.tallies.Add(rate, o)
	if o == Missed && result.Fail > 0 && (r.failed == nil || rate <= r.failed.Setup.Rate) {
		r.failed = result
	}
}

// stillThere returns an error if nobody listens at the testee's address: all further steps
// would end like this one.
func stillThere(r *stats.Result) error {
	for _, c := range []stats.Cause{stats.CauseConnectRefused, stats.CauseConnectUnreachable} {
		if r.Total > 0 && r.Causes[c] == r.Total {
			return fmt.Errorf("nobody listens at %s: every connection of a step failed: %v %d: start the testee, or correct the URL", r.Setup.Address, c, r.Total)
		}
	}
	return nil
}

// mostRest bounds the time between two steps.
const mostRest = time.Second

// restAfter returns how long to wait after a step, whose last connection has ended: a tenth of
// its length, for what the testee does behind its connections. A testee that was overloaded has
// more to do, so it gets three times as long.
func restAfter(o Outcome, step time.Duration) time.Duration {
	rest := min(step/10, mostRest)
	if o == Met {
		return rest
	}
	return 3 * rest
}

// sleep waits, and reports whether ctx has let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
