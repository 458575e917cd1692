package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/engine"
)

const driveLong = `Drive starts several worker processes, lets them begin together, and prints one
report over all of their results. The options and their defaults are those of the
driver of wsperf's ancestor; connections and watermarks are those of each worker.

Each worker is a run of its own, with loops that are pinned apart, and writes a
result file with a record per connection. A worker that fails is reported, and its
connections are counted as not run; the others are reported as usual.

The first interrupt (Ctrl-C) lets the workers close their open connections and
reports what was measured; a second one stops all of them at once.`

const driveExample = `  # 4 workers with 50000 connections each, against port 9000 of this machine
  wsperf drive

  # 2 workers with 2 loops each
  wsperf drive --wsuri ws://192.0.2.7:9000/chat --workers 2 --threads 2 --conns 100000

  # the report of the files that an earlier call has left
  wsperf drive --workers 4 --skiprun`

// The defaults of the ancestor's driver; its watermarks are those of a run.
const (
	defaultDriveURL     = "ws://127.0.0.1:9000"
	defaultWorkers      = 4
	defaultWorkerConns  = 50000
	defaultResultFile   = "result_%d.json"
	numberInName        = "%d" // in the pattern of the result files: the worker's number
	maxWorkers          = engine.MaxLoops
	flagWorkers         = "workers"
	flagThreads         = "threads"
	flagDriveResultFile = "resultfile"
)

// driveOptions is the command line of a driver, not checked yet.
type driveOptions struct {
	url                   string
	workers, threads      int
	conns                 int64
	low, high             int
	pattern, source       string
	samples               int
	skipRun, skipAnalysis bool
}

func newDriveCommand(u *ui) *cobra.Command {
	o := &driveOptions{samples: defaultSamples}
	c := &cobra.Command{
		Use:     "drive [options]",
		Short:   "run in several worker processes and print one report",
		Long:    driveLong,
		Example: driveExample,
		Args:    exactArgs(0, "drive takes options only, such as --wsuri "+defaultDriveURL),
	}
	c.DisableFlagsInUseLine = true
	o.bind(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		d, err := newDrive(o, c.Flags().Changed)
		if err != nil {
			return asUsage(c, err)
		}
		return d.do(c.Context(), u)
	}
	return c
}

func (o *driveOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.url, "wsuri", defaultDriveURL, "run against the testee at `URL`")
	f.IntVar(&o.workers, flagWorkers, defaultWorkers, "start `N` worker processes")
	f.IntVar(&o.threads, flagThreads, 0, "run `N` event loops in each worker, each pinned to a CPU; 0: one loop (default 0)")
	f.Int64Var(&o.conns, "conns", defaultWorkerConns, "start `N` connections in each worker")
	f.IntVar(&o.low, "lowmark", defaultLow, "start handshakes again below `N` opening handshakes in flight in a worker")
	f.IntVar(&o.high, "highmark", defaultHigh, "start no more handshakes at `N` opening handshakes in flight in a worker")
	f.StringVar(&o.pattern, flagDriveResultFile, defaultResultFile, "write the result of each worker to `FILE`; %d is its number, from 0")
	bindSource(f, &o.source)
	bindSamples(f, &o.samples)
	f.BoolVar(&o.skipRun, "skiprun", false, "start nothing: report the result files that are there (default off)")
	f.BoolVar(&o.skipAnalysis, "skipanalyze", false, "write the result files and print no report (default off)")
}

// check refuses what is wrong with the driver's own options. given tells
// whether an option is on the command line.
func (o *driveOptions) check(given func(string) bool) error {
	switch {
	case o.workers < 1 || o.workers > maxWorkers:
		return fmt.Errorf("--%s %d: must be 1 to %d", flagWorkers, o.workers, maxWorkers)
	case o.threads < 0 || o.threads > engine.MaxLoops:
		return fmt.Errorf("--%s %d: must be 0 to %d", flagThreads, o.threads, engine.MaxLoops)
	case o.skipRun && o.skipAnalysis:
		return errors.New("--skiprun and --skipanalyze cannot be given together: nothing would be left to do")
	case strings.Count(o.pattern, numberInName) != 1:
		return fmt.Errorf("--%s %q: must have %%d once, for the number of the worker", flagDriveResultFile, o.pattern)
	}
	return o.checkLoad(given)
}

func (o *driveOptions) checkLoad(given func(string) bool) error {
	switch {
	case o.url == "":
		return errors.New("--wsuri: the URL is empty: must be ws://HOST:PORT/PATH")
	case o.conns < 1:
		return fmt.Errorf("--conns %d: must be 1 or more", o.conns)
	}
	if err := cmp.Or(checkSamples(o.samples), checkSource(given, o.source)); err != nil {
		return err
	}
	return watermarks{"lowmark", o.low, "highmark", o.high}.check(given)
}

// loops is the number of loops of each worker. The ancestor's 0 threads is one
// loop; here it is pinned, so that workers do not share a CPU while others are idle.
func (o *driveOptions) loops() int { return max(o.threads, 1) }

// path is where the worker with that number writes its result.
func (o *driveOptions) path(number int) string {
	return strings.Replace(o.pattern, numberInName, strconv.Itoa(number), 1)
}

// runOptions is what the worker with that number is told to do.
func (o *driveOptions) runOptions(number int, allowed []int) runOptions {
	r := defaultOptions()
	r.url, r.loops, r.cpus = o.url, o.loops(), formatCPUs(deal(allowed, number, o.loops()))
	r.conns, r.low, r.high = o.conns, o.low, o.high
	r.source, r.samples = o.source, o.samples
	r.out, r.log = o.path(number), true
	return r
}

// deal gives CPUs to the loops of a worker. Over all workers they are dealt
// round robin. A worker with more loops than there are CPUs gets each CPU
// once: its loops go round them.
func deal(allowed []int, number, loops int) []int {
	cpus := make([]int, min(loops, len(allowed)))
	for i := range cpus {
		cpus[i] = allowed[(number*loops+i)%len(allowed)]
	}
	return cpus
}

// crowded is the warning about loops that share a CPU; empty: none do.
func (o *driveOptions) crowded(allowed []int) string {
	if loops := o.workers * o.loops(); loops > len(allowed) {
		return fmt.Sprintf("loops %d (of %d workers), CPUs %d: %s costs context switches and gains nothing", loops, o.workers, len(allowed), sharing)
	}
	return ""
}

// sharing is how the engine words it, too: a worker need not repeat it.
const sharing = "more than one loop per CPU"

// arguments is the command line of a worker; the URL was checked, so it is no option.
func (r *runOptions) arguments() []string {
	all := []string{
		"wsperf", "run", r.url, "--loops", strconv.Itoa(r.loops), "--cpus", r.cpus,
		"--conns", strconv.FormatInt(r.conns, 10), "--low", strconv.Itoa(r.low), "--high", strconv.Itoa(r.high),
		"--samples", strconv.Itoa(r.samples),
		"--out=" + r.out, "--log", "--quiet", "--" + flagAwaitStart,
	}
	if r.source != "" {
		all = append(all, "--"+flagSource, r.source)
	}
	return all
}
