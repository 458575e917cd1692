// Package calibrate finds what this machine can do with the built-in testee. It makes runs of
// this process, one after the other: Options -> New -> Calibration.Do.
package calibrate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	TimeUs  int64     // of each run, in microseconds
	Secure  bool      // over wss://; otherwise ws://
	Resumed []float64 // over wss://: shares of resumed handshakes, in percent, each of which is calibrated
}

// Default returns the options of a calibration that is given none.
func Default() Options {
	return Options{Options: job.Default(), TimeUs: (3 * time.Second).Microseconds(), Resumed: []float64{0, 100}}
}

// Bind makes flags of the options. The defaults are what o holds.
func (o *Options) Bind(f *pflag.FlagSet) *job.CommandLine {
	f.SortFlags = false
	f.Var(job.Time{ToUs: &o.TimeUs, Least: leastTime, Most: mostTime}, "time", "make each run for this `TIME`")
	f.BoolVar(&o.Secure, "tls", false, "calibrate wss:// instead of ws:// (default off)")
	f.Var(share{&o.Resumed}, nameResume, "let `PERCENT` of the TLS handshakes resume a session (default calibrate full and resumed ones)")
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
	if err := o.checkTLS(); err != nil {
		return nil, err
	}
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	c := &Calibration{options: o, loads: loads(o.Options, allowed)}
	if o.Secure {
		c.loads = secureLoads(o, allowed)
	}
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
	switch {
	case asked(o):
		return []load{{"any testee, with these loops and CPUs", o, true}}
	case len(allowed) == 1:
		return []load{{"the built-in testee or one elsewhere", o, true}, {"a testee on this machine", o, false}}
	}
	return []load{{"the built-in testee", o, true}, {"a testee on this machine", o, false}, elsewhere(o, allowed)}
}

// asked reports whether the user asks for a placement.
func asked(o job.Options) bool { return o.Loops != job.LoopPerCPU || len(o.CPUs) > 0 }

// elsewhere has a loop for each CPU.
func elsewhere(o job.Options, allowed []int) load {
	o.CPUs = allowed
	return load{"a testee elsewhere", o, false}
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
	return calibration.NewEntry(rs)
}

// doubt says why the machine may be able to do more than a run did.
func doubt(r *stats.Result) string {
	if r.Fail == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d handshakes with the built-in testee failed: the machine may be able to do more", r.Fail, r.Total)
}

func (l load) run(ctx context.Context, w *measure.Repeated) (r *stats.Result, err error) {
	j, stop, err := l.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	m, err := measure.Run(ctx, j, w)
	switch {
	case err != nil:
		return nil, err
	case m.Result.Interrupted:
		return nil, ui.ErrInterrupted
	}
	return m.Result, measure.Outcome(m.Result)
}

// begin starts a testee that is not told of wsperf, as those of others are not, unless the run
// starts the built-in one. stop ends it.
func (l load) begin(ctx context.Context) (j *job.Job, stop func() error, err error) {
	switch {
	case job.Secure(l.options.URL):
		return l.beginSecure(ctx)
	case l.apart:
		j, err = job.New(l.options)
		return j, func() error { return nil }, err
	}
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, nil, err
	}
	testee, err := builtin.Start(ctx, allowed)
	if err != nil {
		return nil, nil, err
	}
	o := l.options
	o.URL = "ws://" + testee.Addr.String() + "/"
	return against(testee, o)
}

// against makes the job of a run against a testee, which ends without one.
func against(testee *builtin.Testee, o job.Options) (j *job.Job, stop func() error, err error) {
	if j, err = job.New(o); err != nil {
		return nil, nil, errors.Join(err, testee.Stop())
	}
	return j, testee.Stop, nil
}

// print prints a table, or the entries as JSON.
func (c *Calibration) print(u *ui.UI, entries []calibration.Entry) error {
	if c.options.JSON {
		return cmp.Or(json.NewEncoder(u.Out).Encode(entries), u.Out.Flush())
	}
	const format = "%-37s %5s %-8s %5s %6s %14s  %-14s  %s"
	row := func(cells ...any) {
		fmt.Fprintln(u.Out, strings.TrimRight(fmt.Sprintf(format, cells...), " "))
	}
	row("runs against", "loops", "cpus", "low", "high", "handshakes/s", "of 3 runs", c.overTitle())
	for i, e := range entries {
		cpus := host.FormatCPUs(e.Shape.CPUs)
		if cpus == "" {
			cpus = "any"
		}
		row(c.loads[i].against, fmt.Sprint(e.Shape.Loops), cpus, fmt.Sprint(e.Shape.Low), fmt.Sprint(e.Shape.High),
			fmt.Sprintf("%.0f", e.PerSecond), fmt.Sprintf("%.0f to %.0f", e.Least, e.Most), e.Shape.TLS)
	}
	return u.Out.Flush()
}

// overTitle is the title of the column that says what the handshakes were over.
func (c *Calibration) overTitle() string {
	if c.options.Secure {
		return "over"
	}
	return ""
}
