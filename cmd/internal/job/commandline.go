package job

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"wsperf/stats/report"
)

// CommandLine is options on the command line of a verb.
type CommandLine struct {
	options *Options
	flags   *pflag.FlagSet
	verb    verb
}

// BindRun makes flags of run's options. The defaults are what o holds.
func BindRun(f *pflag.FlagSet, o *Options) *CommandLine { return bind(f, o, run) }

// BindDrive makes flags of drive's options. The defaults are what o holds.
func BindDrive(f *pflag.FlagSet, o *Options) *CommandLine { return bind(f, o, drive) }

// BindSearch makes flags of the options that search has in common with run. The defaults are
// what o holds.
func BindSearch(f *pflag.FlagSet, o *Options) *CommandLine { return bind(f, o, search) }

// BindCalibrate makes flags of the options that calibrate has in common with run. The defaults
// are what o holds.
func BindCalibrate(f *pflag.FlagSet, o *Options) *CommandLine { return bind(f, o, calibrate) }

// BindCompare makes flags of the options that a load of compare has in common with run. The
// defaults are what o holds.
func BindCompare(f *pflag.FlagSet, o *Options) *CommandLine { return bind(f, o, compare) }

func bind(f *pflag.FlagSet, o *Options, v verb) *CommandLine {
	for _, row := range table() {
		if flag := row.flags[v]; flag.name != "" {
			bound := f.VarPF(recorded{row.value(o), new([]string)}, flag.name, "", flag.usage)
			if bound.Value.Type() == "bool" {
				bound.NoOptDefVal = "true"
			}
		}
	}
	return &CommandLine{o, f, v}
}

// name returns what the verb calls an option of run, an empty string if it does not have it.
func (l *CommandLine) name(ofRun string) string {
	for _, row := range table() {
		if row.flags[run].name == ofRun {
			return row.flags[l.verb].name
		}
	}
	panic("no option is named " + ofRun)
}

// given reports whether an option of run was given. One that the verb does not have was not.
func (l *CommandLine) given(ofRun string) bool { return l.flags.Changed(l.name(ofRun)) }

// recorded is a value that keeps the texts that it was set from.
type recorded struct {
	pflag.Value
	texts *[]string
}

// Set sets the value.
func (r recorded) Set(text string) error {
	err := r.Value.Set(text)
	if err == nil {
		*r.texts = append(*r.texts, text)
	}
	return err
}

// Apply gives other flags of the same verb the values that were given on this command line.
func (l *CommandLine) Apply(to *pflag.FlagSet) (err error) {
	l.flags.Visit(func(f *pflag.Flag) {
		r, ours := f.Value.(recorded)
		if !ours || err != nil {
			return
		}
		for _, text := range *r.texts {
			if err = to.Set(f.Name, text); err != nil {
				return
			}
		}
	})
	return err
}

// defaultInterval is that of --live.
const defaultInterval = time.Second

// pageInterval is that of a run with a page that is not longer than shortRun: its plots over time would
// have few points.
const (
	pageInterval = 250 * time.Millisecond
	shortRun     = time.Minute
)

// CheckRun is Check for run, whose process may be one of several. getenv reads the environment.
func (l *CommandLine) CheckRun(getenv func(string) string) error {
	from, err := l.readShard(getenv)
	if err != nil {
		return err
	}
	if err := l.checkPart(); err != nil {
		return err
	}
	if err := l.nameRun(from, getenv); err != nil {
		return err
	}
	l.options.nameFiles()
	return l.Check()
}

// Check reports options that do not go together, and lets a duration take the
// place of a number of connections. It comes after the flags are parsed.
func (l *CommandLine) Check() error {
	o := l.options
	switch {
	case l.given("duration") && l.given("conns"):
		return errors.New("--duration and --conns cannot be given together: a run ends by one of them")
	case l.given("warmup") && l.given("warmup-conns"):
		return errors.New("--warmup and --warmup-conns cannot be given together: a warm-up ends by one of them")
	case l.given("pid") && l.given("cgroup"):
		return errors.New("--pid and --cgroup cannot be given together: one of them says what the testee is")
	case o.Log && o.Out == "" && o.Shown() != report.FormatJSON:
		return errors.New("--log needs a place for its records: give --out FILE or --json too")
	}
	if err := l.options.CheckPlaces(); err != nil {
		return err
	}
	l.endByGiven()
	l.intervals()
	switch {
	case o.Open():
		return l.checkOpenLoop()
	case l.given("arrivals"):
		return errors.New("--arrivals needs --rate or --stages: a closed loop starts when a connection ends")
	}
	return l.checkWatermarks()
}

// intervals sets those that are needed if none were asked for.
func (l *CommandLine) intervals() {
	switch o := l.options; {
	case l.given("interval"):
	case o.HTML != "" && !o.Live && o.DurationUs <= shortRun.Microseconds():
		o.IntervalUs = pageInterval.Microseconds()
	case o.HTML != "" || o.Live:
		o.IntervalUs = defaultInterval.Microseconds()
	}
}

// endByGiven lets what was given take the place of a default of the other kind.
func (l *CommandLine) endByGiven() {
	switch o := l.options; {
	case l.given("duration"):
		o.Connections = 0
	case l.given("conns"):
		o.DurationUs = 0
	}
	if l.given("warmup-conns") {
		l.options.WarmupUs = 0
	}
}

// CheckPlaces reports places for the result that do not go together.
func (o *Options) CheckPlaces() error {
	switch {
	case o.JSON && o.Out == StandardOutput:
		return errors.New("--json and --out -: both write the result to standard output: must be one of them")
	case o.Format != "" && o.Out == StandardOutput:
		return errors.New("--format and --out -: both write the result to standard output: must be one of them")
	case o.HTML != "" && filepath.Clean(o.HTML) == filepath.Clean(o.Out):
		return fmt.Errorf("--html %s and --out %s: must be two files", o.HTML, o.Out)
	}
	return CheckFormats(o.JSON, o.Format)
}

// checkWatermarks compares the watermarks. If only one was given, its error states the
// default of the other.
func (l *CommandLine) checkWatermarks() error {
	low, high := l.options.Low, l.options.High
	lowName, highName := l.name("low"), l.name("high")
	switch {
	case low <= high:
		return nil
	case !l.given("high"):
		return fmt.Errorf("--%s %d is above the default of --%s, %d: give --%s too", lowName, low, highName, high, highName)
	case !l.given("low"):
		return fmt.Errorf("--%s %d is below the default of --%s, %d: give --%s too", highName, high, lowName, low, lowName)
	}
	return fmt.Errorf("--%s %d is above --%s %d: must be at most that", lowName, low, highName, high)
}
