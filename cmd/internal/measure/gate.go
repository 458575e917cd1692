package measure

import (
	"context"
	"fmt"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
	"wsperf/stats"
)

// StartObserver is an Observer that is told what a run waits for that is to begin at a moment. It is called before
// Observer.Begun, once or twice.
type StartObserver interface {
	AwaitsStart(what string)
}

// gate lets a run begin at its moment, if it has one, and finds out how late that was.
type gate struct {
	job   *job.Job
	part  job.Part
	tell  func(what string)
	begin func() // is called right before the run begins

	entry   stats.Part // of the result
	tooLate bool       // the result says so
}

func newGate(j *job.Job, o Observer) *gate {
	g := &gate{job: j, part: j.Part, entry: j.Part.Entry(), tell: func(string) {}}
	if s, ok := o.(StartObserver); ok {
		g.tell = func(what string) { s.AwaitsStart(g.who() + ": " + what) }
	}
	return g
}

// Await implements engine.Gate.
func (g *gate) Await(ctx context.Context) error {
	if err := g.job.Ready(); err != nil {
		return err
	}
	if g.part.Start.Waits() {
		if err := g.awaitMoment(ctx); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ui.ErrEarly
	}
	g.begin()
	return nil
}

// preparing is what reading the kernel's counters takes: 0.5 to 1.5 ms on an idle machine with 2 CPUs, up to 4 on a busy one.
const preparing = 2 * time.Millisecond

// Hold implements engine.Gate.
func (g *gate) Hold(ctx context.Context) {
	if g.part.Start.Waits() {
		_ = host.SleepUntil(ctx, g.entry.StartAt) // an interrupt ends the run as it does later
	}
}

// Begun implements engine.Gate.
func (g *gate) Begun(at time.Time) {
	g.entry.Begun = true
	g.look(at)
}

// look notes how late it is, and what the clock is worth by which it is.
func (g *gate) look(at time.Time) {
	g.entry.Clock = clock()
	if g.part.Start.Waits() {
		g.entry.LateUs = at.Round(0).Sub(g.entry.StartAt).Microseconds()
	}
}

func clock() stats.Clock {
	c := host.ReadClock()
	return stats.Clock{Synchronized: c.Synchronized, MaxErrorUs: c.MaxError.Microseconds()}
}

func (g *gate) awaitMoment(ctx context.Context) (err error) {
	if g.entry.StartAt, err = g.moment(ctx); err != nil {
		return err
	}
	at := g.entry.StartAt
	if time.Until(at) > 0 {
		g.tell("waiting until " + moment(at))
	}
	if host.SleepUntil(ctx, at.Add(-preparing)) != nil {
		return ui.ErrEarly
	}
	// The process may have been stopped, or the clock set.
	if late := time.Since(at); late > g.maxLate() {
		g.tooLate = true
		g.look(at.Add(late))
		return ui.Invalid{Err: fmt.Errorf("%s did not begin: it was ready %v after %s, and may be late by %v (--max-late): choose a later moment",
			g.who(), late.Round(time.Millisecond), moment(at), g.maxLate())}
	}
	return nil
}

// who names the process in a message: a part of one is the run.
func (g *gate) who() string {
	p := &g.part
	switch {
	case p.Shard.Of > 1:
		return p.What()
	case p.RunID != "":
		return "run " + p.RunID
	}
	return "the run"
}

func (g *gate) maxLate() time.Duration {
	return time.Duration(g.part.Start.MaxLateUs) * time.Microsecond
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// pollEvery is how often the file is read. The moment in it is to be later than that by far.
const pollEvery = 50 * time.Millisecond

// moment returns when the run is to begin, which may be in a file that does not exist yet.
func (g *gate) moment(ctx context.Context) (time.Time, error) {
	s := &g.part.Start
	if s.File == "" {
		return s.At, nil
	}
	file, told := job.MomentFile{Path: s.File}, false
	timeout := time.NewTimer(time.Duration(s.TimeoutUs) * time.Microsecond)
	defer timeout.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		if at, found := file.Moment(); found {
			return at, nil
		}
		if !told {
			told = true
			g.tell("waiting for the moment in " + s.File)
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ui.ErrEarly
		case <-timeout.C:
			return time.Time{}, fmt.Errorf("--start-at @%s: no moment in it after %v (--start-timeout): the file: %s",
				s.File, time.Duration(s.TimeoutUs)*time.Microsecond, file.Why())
		case <-poll.C:
		}
	}
}

// describe says in the result of a part which part it is. A run that did not begin has no result, unless it was too late.
func (g *gate) describe(r *stats.Result) *stats.Result {
	switch {
	case r == nil || !g.entry.Begun && !g.tooLate:
		return nil
	case g.part.Is():
		r.Parts = []stats.Part{g.entry}
	}
	return r
}
