// Package measure does a job in this process: from the name lookup to the
// result, with the built-in testee if it is wanted.
package measure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"wsperf/cmd/internal/builtin"
	"wsperf/cmd/internal/calibration"
	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
	"wsperf/stats"
	"wsperf/stats/verdict"
)

// Observer is told how a run goes. Its methods are called in this order.
type Observer interface {
	// Waiting is called if the run waits for a reader of the pipe that the result goes to.
	Waiting(pipe string)
	// TesteeListens is called for the built-in testee only.
	TesteeListens(at netip.AddrPort, cpus []int)
	// Prepared is called when all that takes time is done: name lookup, memory,
	// descriptors. The run can begin when it returns nil.
	Prepared(ctx context.Context, warnings []engine.Warning) error
	// Begun is called right before the run. It returns what is called right after it.
	Begun(read func() engine.Progress, goal ui.Goal) (ended func())
}

// IntervalObserver is an Observer that is told of each interval at its end if Options.Live is
// set, by a goroutine of its own, before the run ends.
type IntervalObserver interface {
	Interval(iv stats.Interval)
}

// Measured is a result that is described, and where it is to be written.
type Measured struct {
	Result *stats.Result
	File   *resultfile.File // nil: nowhere
}

// Run does the job. It returns when everything that it has started has ended.
// When ctx is cancelled, the open connections are closed first. With an error
// there can still be a result, one that was measured but cannot be trusted;
// without a result there is always an error.
func Run(ctx context.Context, j *job.Job, o Observer) (measured *Measured, err error) {
	release, err := j.OpenProfiler()
	if err != nil {
		return nil, err
	}
	defer release()
	done, err := j.OpenKeyLog()
	if err != nil {
		return nil, err
	}
	defer func() {
		if lost := done(); lost != nil {
			err = errors.Join(err, lost)
		}
	}()
	if err := j.CheckReadyFile(); err != nil {
		return nil, err
	}
	defer j.Unready()
	addr, err := Resolve(ctx, j)
	if err != nil {
		return nil, err
	}
	m := &Measured{}
	if j.Out != "" && j.Out != job.StandardOutput {
		if m.File, err = PrepareFile(ctx, j.Out, o.Waiting); err != nil {
			return nil, err
		}
	}
	if j.Builtin() {
		m.Result, err = againstBuiltin(ctx, j, o)
	} else {
		m.Result, err = against(ctx, j, o, addr)
	}
	if m.Result == nil {
		return nil, err
	}
	j.Describe(m.Result)
	m.Result.Verdict = verdictOf(m.Result) // that knows what was asked for
	m.Result.Calibration = Calibrated(m.Result)
	return m, err
}

// Calibrated compares a result of this machine with what it can do, if that has been measured.
func Calibrated(r *stats.Result) (c stats.Calibration) {
	path, err := calibration.Path()
	if err != nil {
		return c // there is no place for one
	}
	all, err := calibration.Load(path)
	if err != nil {
		return stats.Calibration{Problem: printable(err.Error())}
	}
	return calibration.Compare(all, r)
}

// printable writes text as a result file can have it.
func printable(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return quoted[1:min(len(quoted)-1, stats.MaxCalibrationBytes)]
}

// PrepareFile checks that a result can be written to a file. For a pipe it waits for a
// reader, and says so with waiting.
func PrepareFile(ctx context.Context, path string, waiting func(path string)) (*resultfile.File, error) {
	f, err := resultfile.Prepare(path)
	if err != nil {
		return nil, err
	}
	if f.AwaitReader(ctx, waiting) != nil {
		return nil, ui.ErrEarly
	}
	return f, nil
}

// Resolve finds the address of the job's testee.
func Resolve(ctx context.Context, j *job.Job) (netip.AddrPort, error) {
	addr, err := j.Resolve(ctx, net.DefaultResolver.LookupNetIP)
	if ctx.Err() != nil {
		return addr, ui.ErrEarly
	}
	return addr, err
}

// localTestee is a testee that this process has started.
type localTestee interface {
	Ended() <-chan struct{}
	Stop() error
}

func againstBuiltin(ctx context.Context, j *job.Job, o Observer) (*stats.Result, error) {
	testee, err := builtin.Start(ctx, j.TesteeCPUs())
	if err != nil {
		return nil, err
	}
	o.TesteeListens(testee.Addr, j.TesteeCPUs())
	return againstLocal(ctx, j, o, testee, testee.Addr)
}

// againstLocal runs against a testee of our own and stops it.
func againstLocal(ctx context.Context, j *job.Job, o Observer, testee localTestee, at netip.AddrPort) (result *stats.Result, err error) {
	defer func() { err = withEndOfTestee(err, testee.Stop()) }()
	if err := j.UseBuiltin(at); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A testee that dies ends the run: only refused connections would follow.
	go func() {
		select {
		case <-testee.Ended():
			cancel()
		case <-ctx.Done():
		}
	}()
	return against(ctx, j, o, at)
}

// withEndOfTestee adds to the error of a run how its testee ended. If that
// cancelled the run before it began, no user has interrupted it.
func withEndOfTestee(err, ended error) error {
	if ended != nil && errors.Is(err, ui.ErrEarly) {
		return ended
	}
	return errors.Join(err, ended)
}

// against prepares the engine and runs it.
func against(ctx context.Context, j *job.Job, o Observer, addr netip.AddrPort) (*stats.Result, error) {
	cfg, err := j.EngineConfig(addr)
	if err != nil {
		return nil, err
	}
	if live, ok := o.(IntervalObserver); ok && j.Live {
		cfg.Watch = live.Interval
	}
	g := newGate(j, o)
	cfg.Gate = g
	run, warnings, err := engine.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if err := o.Prepared(ctx, append(j.Warnings(), warnings...)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ui.ErrEarly
	}
	ended := func() {}
	defer func() { ended() }()
	g.begin = func() { ended = o.Begun(run.Progress, ui.Goal{Connections: cfg.Connections, Duration: j.Starting()}) }
	result, err := run.Do(ctx)
	return g.describe(result), err
}

// verdictOf says what bounded a run. A part that did not begin says nothing about the testee.
func verdictOf(r *stats.Result) stats.Verdict {
	if r.Idle() {
		return stats.Verdict{Kind: stats.BottleneckClient, Reason: "the part was too late and did not begin", Evidence: []string{}}
	}
	return verdict.Of(r)
}

// Outcome turns what a result says into the error that the process ends with.
func Outcome(r *stats.Result) error {
	switch {
	case r.Interrupted:
		return ui.ErrInterrupted
	case r.Idle():
		return nil // the error of the run says so
	case r.Success > 0:
		return nil
	case r.Total == 0 && r.Load.LeftOut.Started > 0:
		return errors.New("no connection was started after the warm-up")
	case r.Total == 0:
		return errors.New("no connection was started")
	}
	worst := stats.CauseNone
	for c := range r.Causes {
		if r.Causes[c] > r.Causes[worst] {
			worst = stats.Cause(c)
		}
	}
	return ui.NoSuccess{Err: fmt.Errorf("every handshake failed: %v %d", worst, r.Causes[worst])}
}
