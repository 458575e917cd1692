// Package compare compares testees: it measures each of them in rounds, by runs of this process,
// and says which differ. Options -> New -> Comparison.Do. order.go decides on turns, package
// comparison on differences.
package compare

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/stats/comparison"
	"wsperf/stats/require"
)

// Restart is when testees with a command are started.
type Restart string

// The values of Restart.
const (
	RestartRound Restart = "round" // for each run anew
	RestartNever Restart = "never" // once, before the first run
)

// Options is how to compare. The JSON keys are those of the index.
type Options struct {
	Rounds         int     `json:"rounds"` // 0: as many as Precision needs
	Precision      float64 `json:"precision_percent"`
	BudgetUs       int64   `json:"budget_us"` // of time, for rounds by precision
	Restart        Restart `json:"restart"`
	TesteeCPUs     string  `json:"testee_cpus,omitempty"` // that commands may use for which nothing else is said
	StartTimeoutUs int64   `json:"start_timeout_us"`
	CoolingUs      int64   `json:"cooling_us"`
	Baseline       string  `json:"baseline,omitempty"` // a testee; empty: each is compared with each
	Measure        string  `json:"measure,omitempty"`  // that decides; empty: by the load
	Confidence     float64 `json:"confidence_percent"`
	Seed           uint64  `json:"seed"` // of the order of turns; 0: by chance

	schemes []Scheme // of loads that have none of their own; a plan can have them

	Only         []string `json:"-"` // of the testees of the plan; empty: all
	Requirements []string `json:"-"`

	Out    string `json:"-"` // folder of the results
	Resume string `json:"-"` // folder of a comparison to go on with
	HTML   string `json:"-"` // page; empty: none
	Format string `json:"-"`
	JSON   bool   `json:"-"`
	Quiet  bool   `json:"-"`
}

// Bounds of the options.
const (
	leastRounds   = 5
	mostRounds    = 200
	leastLevel    = 80
	mostLevel     = 99.9
	mostCooling   = 2 * time.Minute // TIME_WAIT takes one (TCP_TIMEWAIT_LEN in net/tcp.h)
	mostStart     = 10 * time.Minute
	leastBudget   = time.Second
	mostBudget    = 1000 * time.Hour
	defaultRounds = 12
)

// Default returns the options of a comparison that is given none.
func Default() Options {
	return Options{
		Rounds: defaultRounds, Precision: 3, BudgetUs: (10 * time.Minute).Microseconds(), Restart: RestartRound,
		StartTimeoutUs: (30 * time.Second).Microseconds(), CoolingUs: time.Second.Microseconds(), Confidence: 95,
	}
}

// defaultLoad returns the load of a comparison that is given none. A second of warm-up is for
// testees whose code is compiled while it runs, the intervals are for plots.
func defaultLoad() job.Options {
	o := job.Default()
	o.Connections, o.DurationUs, o.WarmupUs, o.IntervalUs = 0, (3 * time.Second).Microseconds(), time.Second.Microseconds(), (250 * time.Millisecond).Microseconds()
	return o
}

// bind makes flags of the options. The defaults are what o holds.
func (o *Options) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.Var(roundsValue{&o.Rounds}, "rounds", fmt.Sprintf("measure each testee in `N` rounds, %d to %d, or auto: until the interval of each pair is as narrow as --precision", leastRounds, mostRounds))
	f.Var(job.Percent{To: &o.Precision, Least: 0.1, Most: 50}, "precision", "with --rounds auto, go on until differences of `PERCENT` can be told")
	f.Var(job.Time{ToUs: &o.BudgetUs, Least: leastBudget, Most: mostBudget}, "budget", "with --rounds auto, begin no round after this `TIME`")
	f.Var(restartValue{&o.Restart}, "restart", "start the commands anew for each run, or once: `WHEN` is round or never")
	f.Var(cpusValue{&o.TesteeCPUs}, "testee-cpus", "pin the commands to the CPUs of `LIST`, such as 1,3 or 0-3 (default none)")
	f.Var(job.Time{ToUs: &o.StartTimeoutUs, Least: time.Millisecond, Most: mostStart}, "start-timeout", "wait for a command to accept connections for this `TIME`")
	f.Var(job.Time{ToUs: &o.CoolingUs, Least: 0, Most: mostCooling}, "cooling", "between two runs, wait for sockets in TIME_WAIT to go, for this `TIME` at most")
	f.StringVar(&o.Baseline, "baseline", o.Baseline, "compare all others with the testee of this `NAME` (default each with each)")
	f.Var(measureValue{&o.Measure}, "measure", "let this `MEASURE` decide, such as ready.q99 (default rate, in an open loop ready.q99)")
	f.Var(job.Percent{To: &o.Confidence, Least: leastLevel, Most: mostLevel}, "confidence", "claim a difference with this `PERCENT` of confidence")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "draw the order of turns from this `NUMBER` (default another one each time)")
}

// bindOutput makes flags of the options that say where results go.
func (o *Options) bindOutput(f *pflag.FlagSet) {
	f.StringVar(&o.Out, "out", "", "keep the result of each run in the folder `DIR`, which must not exist or be empty (default wsperf-compare-TIME)")
	f.StringSliceVar(&o.Only, "only", nil, "compare the testees of `LIST` only, such as gws,coder, of those of the plan (default all)")
	f.StringVar(&o.Resume, "resume", "", "go on with the comparison in the folder `DIR` (default none)")
	f.StringArrayVar(&o.Requirements, "require", nil, "end with exit code 3 unless `EXPR` holds, such as 'new.rate >= 0.98*old.rate'; can be repeated (default none)")
	f.Var(formatValue{&o.Format}, "format", "print the comparison as `FORMAT`: text, json, md, csv or bench (default text)")
	f.Var(job.HTML(&o.HTML), "html", job.HTMLUsage)
	f.BoolVar(&o.JSON, "json", false, "print the comparison as JSON: --format json (default off)")
	f.BoolVar(&o.Quiet, "quiet", false, "show no progress (default off)")
}

// level returns the confidence as a share.
func (o *Options) level() float64 { return o.Confidence / 100 }

// roundsValue is a pflag.Value: a number, or "auto" for 0.
type roundsValue struct{ to *int }

func (r roundsValue) String() string {
	switch {
	case r.to == nil:
		return ""
	case *r.to == 0:
		return "auto"
	}
	return strconv.Itoa(*r.to)
}

func (r roundsValue) Type() string { return "rounds" }

func (r roundsValue) Set(text string) error {
	if text == "auto" {
		*r.to = 0
		return nil
	}
	if err := (job.Number[int]{To: r.to, Least: leastRounds, Most: mostRounds}).Set(text); err != nil {
		return job.BadValue{Err: fmt.Errorf("must be %d to %d, or auto", leastRounds, mostRounds)}
	}
	return nil
}

// cpusValue is a pflag.Value: a list of CPUs.
type cpusValue struct{ to *string }

func (c cpusValue) String() string {
	if c.to == nil {
		return ""
	}
	return *c.to
}

func (c cpusValue) Type() string { return "list" }

func (c cpusValue) Set(text string) error {
	if _, err := job.ParseCPUs(text); err != nil {
		return job.BadValue{Err: err}
	}
	*c.to = text
	return nil
}

type restartValue struct{ to *Restart }

func (r restartValue) String() string {
	if r.to == nil {
		return ""
	}
	return string(*r.to)
}

func (r restartValue) Type() string { return "restart" }

func (r restartValue) Set(text string) error {
	switch v := Restart(text); v {
	case RestartRound, RestartNever:
		*r.to = v
		return nil
	}
	return job.BadValue{Err: fmt.Errorf("must be %s or %s", RestartRound, RestartNever)}
}

// measureValue is a pflag.Value: a measure by which testees can be ranked.
type measureValue struct{ to *string }

func (m measureValue) String() string {
	if m.to == nil {
		return ""
	}
	return *m.to
}

func (m measureValue) Type() string { return "measure" }

func (m measureValue) Set(text string) error {
	if _, err := require.Find(text); err != nil {
		return job.BadValue{Err: err}
	}
	*m.to = text
	return nil
}

type formatValue struct{ to *string }

func (f formatValue) String() string { return "" }
func (f formatValue) Type() string   { return "format" }

func (f formatValue) Set(text string) error {
	if err := comparison.CheckFormat(text); err != nil {
		return job.BadValue{Err: err}
	}
	*f.to = text
	return nil
}

// Load is what every testee is put under, one of several. The JSON keys are those of the index.
type Load struct {
	Name    string      `json:"name"`
	Options job.Options `json:"options"`
	Scheme  Scheme      `json:"scheme,omitempty"`
}

// check checks the load as far as it does not depend on the testee.
func (l *Load) check() error {
	if !checkName(l.Name) {
		return fmt.Errorf("name %q of a load: %s", l.Name, wantName)
	}
	if err := l.Scheme.check(); err != nil {
		return fmt.Errorf("load %s: scheme %q: %w", l.Name, job.Shortened(string(l.Scheme)), err)
	}
	return nil
}

const mostLoads = 32

func checkLoads(all []Load) error {
	seen := map[string]bool{}
	for i := range all {
		if err := all[i].check(); err != nil {
			return err
		}
		if seen[all[i].Name] {
			return fmt.Errorf("two loads are named %s: must have names of their own", all[i].Name)
		}
		seen[all[i].Name] = true
	}
	if len(all) > mostLoads {
		return fmt.Errorf("%d loads: must be at most %d", len(all), mostLoads)
	}
	return nil
}

// checkValues reports the first value that the command line would refuse.
func (o Options) checkValues() (err error) {
	defaults, settings := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	ofDefault := Default()
	ofDefault.bind(defaults)
	o.bind(settings) // a copy
	settings.VisitAll(func(f *pflag.Flag) {
		text := f.Value.String()
		if err != nil || text == defaults.Lookup(f.Name).Value.String() { // which can be empty, and cannot be set
			return
		}
		if err = f.Value.Set(text); err != nil {
			err = fmt.Errorf("%s %q: %w", f.Name, job.Shortened(text), err)
		}
	})
	return err
}

// check reports options that do not go together.
func (o *Options) check(testees []Testee) error {
	if o.Baseline != "" {
		if _, err := find(testees, o.Baseline); err != nil {
			return fmt.Errorf("--baseline %s: %w", o.Baseline, err)
		}
	}
	if o.JSON && o.Format != "" && o.Format != comparison.FormatJSON {
		return errors.New("--json and --format: must be one of them")
	}
	return nil
}

// tooFew says that so many rounds cannot tell anything, and how many can; empty: they can.
func (o *Options) tooFew(testees []Testee) string {
	least := o.least(testees)
	if o.Rounds == 0 || o.Rounds >= least {
		return ""
	}
	return fmt.Sprintf("%d rounds cannot tell any difference between %d testees: with %v %% of confidence it takes %d",
		o.Rounds, len(testees), o.Confidence, least)
}

func find(testees []Testee, name string) (int, error) {
	for i := range testees {
		if testees[i].Name == name {
			return i, nil
		}
	}
	return 0, errNoTestee
}

// least returns how many rounds can tell something at all.
func (o *Options) least(testees []Testee) int {
	q := o.question(testees)
	return q.Least(q.Pairs(len(testees)))
}

func (o *Options) question(testees []Testee) comparison.Question {
	q := comparison.Question{Level: o.level(), Baseline: comparison.AllPairs}
	if at, err := find(testees, o.Baseline); err == nil {
		q.Baseline = at
	}
	return q
}
