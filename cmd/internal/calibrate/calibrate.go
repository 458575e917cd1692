// Package calibrate finds what this machine can do with the built-in testee. It makes runs of
// this process, one after the other: Options -> New -> Calibration.Do.
package calibrate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/builtin"
	"wsperf/cmd/internal/calibration"
	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
	"wsperf/stats"
)

// Bounds of the options.
const (
	leastTime = 100 * time.Millisecond
	mostTime  = time.Hour
)

// Options is what to calibrate: the shape of the load, and how long each run takes.
type Options struct {
	job.Options
	TimeUs int64 // of each run, in microseconds
}

// Default returns the options of a calibration that is given none.
func Default() Options {
	return Options{Options: job.Default(), TimeUs: (3 * time.Second).Microseconds()}
}

// Bind makes flags of the options. The defaults are what o holds.
func (o *Options) Bind(f *pflag.FlagSet) *job.CommandLine {
	f.SortFlags = false
	f.Var(job.Time{ToUs: &o.TimeUs, Least: leastTime, Most: mostTime}, "time", "make each run for this `TIME`")
	return job.BindCalibrate(f, &o.Options)
}

// runs is how many runs of a load are made. The median counts.
const runs = 3

// warmup comes before each run.
const warmup = 300 * time.Millisecond

// Calibration is options that were checked.
type Calibration struct {
	options Options
	loads   []load
}

// load is a way to use the CPUs. Users' runs have one of these shapes.
type load struct {
	against string // what such runs are against
	options job.Options
	apart   bool // the built-in testee has CPUs of its own; otherwise all
}

// New checks everything that can be checked without touching the network or the disk.
func New(o Options) (*Calibration, error) {
	o.Connections, o.DurationUs, o.WarmupUs = 0, o.TimeUs, warmup.Microseconds()
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	c := &Calibration{options: o, loads: loads(o.Options, allowed)}
	for _, l := range c.loads {
		if _, err := job.New(l.options); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// loads returns the placements that wsperf run chooses itself, or the one that the user asks for.
// With one CPU, two of them are the same.
func loads(o job.Options, allowed []int) []load {
	all := o
	all.CPUs = allowed
	switch {
	case o.Loops != job.LoopPerCPU || len(o.CPUs) > 0:
		return []load{{"any testee, with these loops and CPUs", o, true}}
	case len(allowed) == 1:
		return []load{{"the built-in testee or one elsewhere", o, true}, {"a testee on this machine", o, false}}
	}
	return []load{{"the built-in testee", o, true}, {"a testee on this machine", o, false}, {"a testee elsewhere", all, false}}
}

// Do makes the runs, prints what the machine can do, and keeps it.
func (c *Calibration) Do(ctx context.Context, u *ui.UI) error {
	path, err := calibration.Path()
	if err != nil {
		return err
	}
	file, err := calibration.Prepare(path)
	if err != nil {
		return fmt.Errorf("the calibration cannot be kept: %w", err)
	}
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	w := &measure.Repeated{UI: u, Signals: signals, Quiet: c.options.Quiet || !u.Terminal(), Interrupt: "nothing is kept"}
	var entries []calibration.Entry
	for _, l := range c.loads {
		e, err := l.calibrate(ctx, w)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	signals.Writing()
	// The table is printed even if the file is lost.
	lost := calibration.Save(file, path, entries, signals.OnExit)
	switch {
	case lost != nil:
		lost = fmt.Errorf("the calibration is not kept: %w", lost)
	case !c.options.Quiet:
		u.Note("kept in " + path)
	}
	return errors.Join(c.print(u, entries), lost)
}

// calibrate makes the runs of a load.
func (l load) calibrate(ctx context.Context, w *measure.Repeated) (e calibration.Entry, err error) {
	var rs []*stats.Result
	for range runs {
		r, err := l.run(ctx, w)
		if err != nil {
			return e, err
		}
		if d := doubt(r); d != "" {
			w.UI.Warn(d)
		}
		rs = append(rs, r)
	}
	return calibration.NewEntry(rs), nil
}

// doubt says why the machine may be able to do more than a run did.
func doubt(r *stats.Result) string {
	if r.Fail == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d handshakes with the built-in testee failed: the machine may be able to do more", r.Fail, r.Total)
}

func (l load) run(ctx context.Context, w *measure.Repeated) (r *stats.Result, err error) {
	o := l.options
	if !l.apart {
		testee, err := startTestee(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, testee.Stop()) }()
		o.URL = "ws://" + testee.Addr.String() + "/"
	}
	j, err := job.New(o)
	if err != nil {
		return nil, err
	}
	m, err := measure.Run(ctx, j, w)
	switch {
	case err != nil:
		return nil, err
	case m.Result.Interrupted:
		return nil, ui.ErrInterrupted
	}
	return m.Result, measure.Outcome(m.Result)
}

// startTestee starts a testee that is not told of wsperf, as those of others are not.
func startTestee(ctx context.Context) (*builtin.Testee, error) {
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	return builtin.Start(ctx, allowed)
}

// print prints a table, or the entries as JSON.
func (c *Calibration) print(u *ui.UI, entries []calibration.Entry) error {
	if c.options.JSON {
		return cmp.Or(json.NewEncoder(u.Out).Encode(entries), u.Out.Flush())
	}
	const format = "%-37s %5s %-8s %5s %6s %14s  %s\n"
	fmt.Fprintf(u.Out, format, "runs against", "loops", "cpus", "low", "high", "handshakes/s", "of 3 runs")
	for i, e := range entries {
		cpus := host.FormatCPUs(e.Shape.CPUs)
		if cpus == "" {
			cpus = "any"
		}
		fmt.Fprintf(u.Out, format, c.loads[i].against, fmt.Sprint(e.Shape.Loops), cpus, fmt.Sprint(e.Shape.Low), fmt.Sprint(e.Shape.High),
			fmt.Sprintf("%.0f", e.PerSecond), fmt.Sprintf("%.0f to %.0f", e.Least, e.Most))
	}
	return u.Out.Flush()
}
