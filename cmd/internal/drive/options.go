package drive

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/engine"
	"wsperf/engine/host"
)

const (
	// DefaultURL is where the ancestor's driver expects the testee.
	DefaultURL = "ws://127.0.0.1:9000"

	numberInName = "%d" // in the pattern of the result files: the worker's number
	maxWorkers   = engine.MaxLoops
)

// Options is what a driver is to do. Of the embedded options, Connections, the
// watermarks and Loops are those of each worker, Out is the pattern of the result
// files, and CPUs are dealt to all loops.
type Options struct {
	job.Options
	Workers      int
	SkipRun      bool // report the files that are there
	SkipAnalysis bool // print no report
}

// Default returns the defaults of the ancestor's driver. Where it has no such
// option, they are those of a run. Its workers keep a record per connection.
func Default() Options {
	o := Options{Options: job.Default(), Workers: 4}
	o.URL, o.Connections, o.Loops, o.Out, o.Log = DefaultURL, 50000, 0, "result_"+numberInName+".json", true
	return o
}

// Bind makes flags of the options. The defaults are what o holds.
func (o *Options) Bind(f *pflag.FlagSet) *job.CommandLine {
	f.SortFlags = false
	f.Var(job.Number[int]{To: &o.Workers, Least: 1, Most: maxWorkers}, "workers", "start `N` worker processes")
	line := job.BindDrive(f, &o.Options)
	f.BoolVar(&o.SkipRun, "skiprun", o.SkipRun, "start nothing: report the result files that are there (default off)")
	f.BoolVar(&o.SkipAnalysis, "skipanalyze", o.SkipAnalysis, "write the result files and print no report (default off)")
	return line
}

func (o *Options) check(allowed []int) error {
	switch {
	case o.SkipRun && o.SkipAnalysis:
		return errors.New("--skiprun and --skipanalyze cannot be given together: nothing would be left to do")
	case o.JSON && o.SkipAnalysis:
		return errors.New("--json and --skipanalyze cannot be given together: nothing would be printed")
	case o.Format != "" && o.SkipAnalysis:
		return errors.New("--format and --skipanalyze cannot be given together: nothing would be printed")
	case len(o.Requirements) > 0 && o.SkipAnalysis:
		return errors.New("--require and --skipanalyze cannot be given together: no result would be compared")
	case strings.Count(o.Out, numberInName) != 1:
		return fmt.Errorf("--resultfile %q: must have %%d once, for the number of the worker", o.Out)
	case len(o.CPUs) > o.allLoops():
		return fmt.Errorf("--cpus %s: %d loops (of %d workers) cannot use %d CPUs: give more --workers or --threads, or fewer CPUs",
			host.FormatCPUs(o.CPUs), o.allLoops(), o.Workers, len(o.CPUs))
	}
	return job.CheckAllowed(o.CPUs, allowed)
}

// loops is the number of loops of each worker. The ancestor's 0 threads are one
// loop. It is pinned, so that no two workers share a CPU while others are idle, unless the
// testee is on this machine too.
func (o *Options) loops() int { return max(o.Loops, 1) }

func (o *Options) allLoops() int { return o.Workers * o.loops() }

// path is where the worker with that number writes its result.
func (o *Options) path(number int) string {
	return strings.Replace(o.Out, numberInName, strconv.Itoa(number), 1)
}

// usualCPUs returns the CPUs that are dealt if the user names none; none: a single loop in
// each worker is not pinned.
func (o *Options) usualCPUs(testee netip.Addr, allowed []int) []int {
	switch {
	case !host.IsLocal(testee.Unmap()):
		return allowed
	case o.loops() == 1:
		return nil
	}
	return job.BesideTestee(allowed)
}

// ofWorker returns the options of the worker with that number.
func (o *Options) ofWorker(number int, usual []int) job.Options {
	w := o.Options
	w.Loops, w.CPUs = o.loops(), deal(o.cpus(usual), number, o.loops())
	if len(w.CPUs) == 0 {
		w.Loops = 0 // one loop that is not pinned
	}
	w.Out = o.path(number)
	return w
}

// cpus returns the CPUs to deal to the loops.
func (o *Options) cpus(usual []int) []int {
	if len(o.CPUs) > 0 {
		return o.CPUs
	}
	return usual
}

// deal gives CPUs to the loops of a worker. Over all workers they are dealt
// round robin. A worker with more loops than there are CPUs gets each CPU once,
// and its loops take them round robin.
func deal(cpus []int, number, loops int) []int {
	dealt := make([]int, min(loops, len(cpus)))
	for i := range dealt {
		dealt[i] = cpus[(number*loops+i)%len(cpus)]
	}
	return dealt
}

// sharedCPUs returns the warning about loops that share a CPU, if any. It counts the
// loops of all workers, so it replaces the workers' own warnings.
func (o *Options) sharedCPUs(allowed []int) []engine.Warning {
	loops, cpus := o.allLoops(), len(o.cpus(allowed))
	if loops <= cpus {
		return nil
	}
	text := fmt.Sprintf("loops %d (of %d workers), CPUs %d: more than one loop per CPU costs context switches and gains nothing", loops, o.Workers, cpus)
	return []engine.Warning{{Kind: engine.WarnSharedCPU, Text: text}}
}

// Driver is options that were checked.
type Driver struct {
	options Options
	allowed []int    // CPUs
	job     *job.Job // of the first worker, to find the testee's address
	page    measure.PageFile
}

// New checks everything that can be checked without touching the network or the
// disk, with the checks of a run.
func New(o Options) (*Driver, error) {
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	if err := o.check(allowed); err != nil {
		return nil, err
	}
	first, err := job.New(o.ofWorker(0, allowed))
	if err != nil {
		return nil, err
	}
	return &Driver{options: o, allowed: allowed, job: first}, nil
}
