package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/launch"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
)

const launchLong = `Launch spreads a run over machines by an engine that already runs on them, Kubernetes or
Slurm. The engine starts the parts of the run (see wsperf run --shard) and keeps what they
print. Launch waits until all parts are ready, gives them the moment at which they begin
together, waits for their ends, and prints one report of their merged results. There is no
connection between launch and the parts.`

const launchExample = `  # from 3 pods of a Kubernetes cluster
  wsperf launch kubernetes --shards 3 --image registry.example/wsperf:0.1.0 -- run ws://chat.example/ --duration 30s

  # from 3 nodes of a Slurm cluster
  wsperf launch slurm --shards 3 -- run ws://chat.example/ --duration 30s`

// launchCommands are the engines, in the order of the help.
var launchCommands = []func(*ui.UI) *cobra.Command{newLaunchKubernetesCommand, newLaunchSlurmCommand}

func newLaunchCommand(u *ui.UI) *cobra.Command {
	c := &cobra.Command{
		Use:     "launch ENGINE",
		Short:   "spread a run over machines by an engine, and print one report",
		Long:    launchLong,
		Example: launchExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(c, "the engine is missing: must be %s", engineNames(c))
			}
			return usagef(c, "unknown engine %q: must be %s", job.Mask(args[0]), engineNames(c))
		},
	}
	c.DisableFlagsInUseLine = true
	for _, engine := range launchCommands {
		c.AddCommand(engine(u))
	}
	return c
}

// engineOptions are the options of a launch by an engine.
type engineOptions interface {
	bind(f *pflag.FlagSet)
	check(c *cobra.Command, args []string) (*partRun, error)
	launch(c *cobra.Command, u *ui.UI, r *partRun) error
}

// newEngineCommand makes c, which has its name and its help, a command with the options.
func newEngineCommand(u *ui.UI, o engineOptions, c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.DisableFlagsInUseLine = true
	c.Flags().SortFlags = false
	o.bind(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := o.check(c, args)
		if err != nil {
			return err
		}
		return o.launch(c, u, r)
	}
	return c
}

func engineNames(c *cobra.Command) (names string) {
	for i, sub := range c.Commands() {
		if i > 0 {
			names += " or "
		}
		names += sub.Name()
	}
	return names
}

// launchLongTail is the part of a launch's help that is the same for all engines.
const launchLongTail = `

What stands behind -- is a call of wsperf run, whose options are those of the whole run: each
part makes its share of the connections, the rate and the watermarks. Names are looked up
and files are read where the parts run.

If a part is missing or was too late, the report says so and the exit code is 3, unless
--allow-missing allows it. A part that is killed does not end the others. When one part has
come to its end, the others have the time of --grace; one whose machine is gone is missing then.

The first interrupt (Ctrl-C) lets the parts close their open connections and reports what was
measured; a second one stops at once, and leaves the parts to the engine.` + formatLong + requireLong

// launchOptions are those of a launch by any engine.
type launchOptions struct {
	plan         launch.Plan
	allowMissing int
	runID        string
	maxLate      time.Duration
	print        bool
	place        job.Options // where the merged result goes
	leadDefault  string      // in the help; empty: that of plan
}

const maxLaunch = 30 * 24 * time.Hour

func newLaunchOptions(lead time.Duration) *launchOptions {
	return &launchOptions{
		plan:    launch.Plan{Lead: lead, ReadyTimeout: 5 * time.Minute, Grace: 30 * time.Second, Timeout: 2 * time.Hour},
		maxLate: 250 * time.Millisecond,
	}
}

// bindParts makes flags of what is said of the parts.
func (o *launchOptions) bindParts(f *pflag.FlagSet) {
	f.Var(job.Number[int]{To: &o.plan.Shards, Least: 1, Most: launch.MaxParts}, "shards", "make the run in `N` parts")
	f.Var(job.Number[int]{To: &o.allowMissing, Least: 0, Most: launch.MaxParts - 1}, "allow-missing", "exit with 3 only if more than `K` parts are missing")
	f.Var(job.RunID{To: &o.runID}, "run-id", "call the run `ID` in its result (default a name that is made up)")
}

// bindTimes makes flags of how long is waited for what.
func (o *launchOptions) bindTimes(f *pflag.FlagSet) {
	f.Var(duration{&o.plan.Lead, time.Millisecond, time.Hour}, "lead", "let the parts begin this `TIME` after they are given the moment"+o.leadDefault)
	f.Var(duration{&o.maxLate, time.Millisecond, time.Hour}, "max-late", "a part that is this `TIME` late does not begin")
	f.Var(duration{&o.plan.ReadyTimeout, time.Second, 24 * time.Hour}, "ready-timeout", "give up unless all parts are ready within this `TIME`")
	f.Var(duration{&o.plan.Grace, time.Second, time.Hour}, "grace", "wait this `TIME` for the other parts when one has come to its end, and for all after an interrupt")
	f.Var(duration{&o.plan.Timeout, time.Second, maxLaunch}, "timeout", "interrupt the run if all of it takes longer than this `TIME`")
	f.BoolVar(&o.plan.Keep, "keep", false, "leave what was launched to the engine, with its logs (default off)")
	f.BoolVar(&o.print, "print", false, "print what would be given to the engine, and start nothing (default off)")
}

// bindOutputs makes flags of where the merged result goes.
func (o *launchOptions) bindOutputs(f *pflag.FlagSet) {
	p := &o.place
	f.StringVar(&p.Out, "out", "", "write the merged result as JSON to `FILE`; -: to standard output, and the report to standard error (default none)")
	f.Var(job.HTML(&p.HTML), "html", job.HTMLUsage)
	f.BoolVar(&p.JSON, "json", false, "print the merged result as JSON instead of the report: --format json (default off)")
	f.Var(job.Format{To: &p.Format}, "format", job.FormatUsage)
	f.Var(job.Requirements{To: &p.Requirements}, "require", job.RequireUsage)
}

// check checks all options and what stands behind --. It returns the run.
func (o *launchOptions) check(c *cobra.Command, args []string) (*partRun, error) {
	switch {
	case !c.Flags().Changed("shards"):
		return nil, usagef(c, "--shards is missing: must be the number of parts")
	case o.allowMissing >= o.plan.Shards && o.allowMissing > 0:
		return nil, usagef(c, "--allow-missing %d: must be 0 to %d, fewer than all parts", o.allowMissing, o.plan.Shards-1)
	case c.Flags().Changed("out") && o.place.Out == "":
		return nil, usagef(c, "--out: the name is empty: must be a file that can be written")
	case c.ArgsLenAtDash() != 0:
		return nil, usagef(c, "the run is missing: must be -- run URL [options of run], after the options of launch")
	}
	if err := o.place.CheckPlaces(); err != nil {
		return nil, asUsage(c, err)
	}
	return newPartRun(c, args, o.plan.Shards)
}

// do launches the parts and prints the merged result.
func (o *launchOptions) do(c *cobra.Command, u *ui.UI, by launch.Carrier) error {
	ctx, signals := ui.Watch(c.Context(), u)
	defer signals.Stop()
	place, err := measure.PreparePlace(ctx, u, o.place)
	if err != nil {
		return err
	}
	l := &launch.Launch{Plan: o.plan, Carrier: by, UI: u, Signals: signals}
	r, err := l.Do(ctx)
	if r == nil {
		return err
	}
	return errors.Join(err, place.Deliver(u, signals, r), measure.Expected{Parts: o.plan.Shards, MayLack: o.allowMissing}.Missing(r))
}

// duration is a time of least to most.
type duration struct {
	to          *time.Duration
	least, most time.Duration
}

func (d duration) String() string {
	if d.to == nil || *d.to == 0 {
		return ""
	}
	return d.to.String()
}

func (d duration) Type() string { return "duration" }

func (d duration) Set(text string) error {
	us := int64(0)
	if err := (job.Time{ToUs: &us, Least: d.least, Most: d.most}).Set(text); err != nil {
		return err
	}
	*d.to = time.Duration(us) * time.Microsecond
	return nil
}
