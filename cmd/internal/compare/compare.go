package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/stats/comparison"
)

// CommandLine is the options of wsperf compare.
type CommandLine struct {
	Options
	load  job.Options
	line  *job.CommandLine
	flags *pflag.FlagSet
}

// Bind makes flags of all options.
func Bind(f *pflag.FlagSet) *CommandLine {
	c := &CommandLine{Options: Default(), load: defaultLoad(), flags: f}
	c.Options.bind(f)
	c.Options.bindOutput(f)
	c.line = job.BindCompare(f, &c.load)
	return c
}

// Comparison is what to compare, checked.
type Comparison struct {
	plan
	store    *store // nil: the results are where their runs say
	study    *comparison.Study
	finished bool // nothing is to be measured
}

// New checks all that can be checked without touching the network, and makes the folder of the
// results. args are testees, or the name of a plan.
func New(c *CommandLine, args []string) (*Comparison, error) {
	if err := c.line.Check(); err != nil {
		return nil, err
	}
	if c.Resume != "" {
		return c.resumed(args)
	}
	if isStored(args) {
		return c.stored(args)
	}
	p, err := c.plan(args)
	if err != nil {
		return nil, err
	}
	if p.options.Seed == 0 {
		p.options.Seed = uint64(rand.Uint32())
	}
	if c.flags.Changed("only") && len(p.options.Only) == 0 {
		return nil, errors.New("--only: the list is empty: must name testees of the plan, such as gws,coder")
	}
	if p.testees, err = only(p.testees, c.Only); err != nil {
		return nil, err
	}
	pin(p.testees, p.options.TesteeCPUs)
	if err := p.check(); err != nil {
		return nil, err
	}
	n := &Comparison{plan: p, study: p.study()}
	n.store, err = newStore(p.options.Out)
	return n, err
}

// plan returns what the command line asks for.
func (c *CommandLine) plan(args []string) (p plan, err error) {
	if len(args) == 1 && IsPlan(args[0]) {
		p, err = planFile{args[0], c.flags, c.line}.read(&c.Options)
		p.addLoad(c.load)
		return p, err
	}
	p = plan{options: c.Options}
	p.addLoad(c.load)
	for _, a := range args {
		t, err := parseTestee(a)
		if err != nil {
			return p, err
		}
		p.testees = append(p.testees, t)
	}
	return p, nil
}

// resumed returns a comparison that was begun before.
func (c *CommandLine) resumed(args []string) (*Comparison, error) {
	if len(args) > 0 {
		return nil, errors.New("--resume goes on with the testees and loads of its folder: no other can be named")
	}
	if name := c.given(slices.Concat(asked, resumable, []string{"resume"})); name != "" {
		return nil, fmt.Errorf("--%s: the comparison in %s was begun with its own: it cannot be changed", name, c.Resume)
	}
	return c.fromFolder(c.Resume)
}

// Options that do not bear on what is measured, and those that may change when a comparison goes on.
var (
	asked     = []string{"require", "format", "json", "html", "quiet", "confidence", "baseline", "measure"}
	resumable = []string{"rounds", "precision", "budget", "restart", "start-timeout", "cooling"}
)

// given returns the name of an option that was given and is none of those; empty: there is none.
func (c *CommandLine) given(besides []string) (name string) {
	c.flags.Visit(func(f *pflag.Flag) {
		if name == "" && !slices.Contains(besides, f.Name) {
			name = f.Name
		}
	})
	return name
}

// fromFolder returns a comparison as far as its folder has it.
func (c *CommandLine) fromFolder(folder string) (*Comparison, error) {
	s := &store{folder}
	i, err := s.load()
	if err != nil {
		return nil, err
	}
	n, err := c.fromIndex(i)
	if err != nil {
		return nil, err
	}
	n.store = s
	return n, s.complete(n.study)
}

// fromIndex returns a comparison as far as its index has it.
func (c *CommandLine) fromIndex(i *index) (*Comparison, error) {
	o := i.Options
	o.Requirements, o.Format, o.JSON, o.HTML, o.Quiet = c.Requirements, c.Format, c.JSON, c.HTML, c.Quiet
	if err := c.replace(&o); err != nil {
		return nil, err
	}
	n := &Comparison{plan: plan{o, i.Testees, i.Loads}, study: i.Study}
	if err := n.check(); err != nil {
		return nil, err
	}
	n.study.Loads = n.plan.study().Loads
	n.study.Level, n.study.Baseline = o.level(), o.Baseline
	return n, nil
}

// replace gives options the values that were given on the command line.
func (c *CommandLine) replace(o *Options) error {
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.bind(settings)
	var err error
	c.flags.Visit(func(f *pflag.Flag) {
		if settings.Lookup(f.Name) != nil {
			err = cmp.Or(err, settings.Set(f.Name, f.Value.String()))
		}
	})
	return err
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
