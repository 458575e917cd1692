package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
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

// addLoad adds the load of the command line, unless the plan has loads.
func (p *plan) addLoad(o job.Options) {
	if len(p.loads) == 0 {
		p.loads = []Load{{"default", o}}
	}
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

// check checks the plan, and each testee under each load.
func (p *plan) check() error {
	if err := cmp.Or(checkTestees(p.testees), checkLoads(p.loads), p.checkQuestions()); err != nil {
		return err
	}
	for _, t := range p.testees {
		for _, l := range p.loads {
			if _, err := job.New(t.under(l, "")); err != nil {
				return fmt.Errorf("testee %s, load %s: %w", t.Name, l.Name, err)
			}
		}
	}
	return nil
}

// checkQuestions checks what to find out.
func (p *plan) checkQuestions() error {
	for _, text := range p.options.Requirements {
		if _, err := comparison.ParseRequirement(text, p.names()); err != nil {
			return fmt.Errorf("--require %q: %w", text, err)
		}
	}
	return p.options.check(p.testees)
}

func (p *plan) names() (all []string) {
	for _, t := range p.testees {
		all = append(all, t.Name)
	}
	return all
}

// under returns what to run to measure the testee under a load.
func (t *Testee) under(l Load, out string) job.Options {
	o := l.Options
	o.URL, o.Out = t.URL, out
	return o
}

// study returns a study without a run.
func (p *plan) study() *comparison.Study {
	s := &comparison.Study{Testees: p.names(), Seed: p.options.Seed, Level: p.options.level(), Baseline: p.options.Baseline}
	for i := range p.loads {
		l := p.loads[i].described(p.options.Measure)
		l.Required = p.required()
		s.Loads = append(s.Loads, l)
	}
	return s
}

// required returns the measures that requirements are about.
func (p *plan) required() (all []string) {
	for _, text := range p.options.Requirements {
		if q, err := comparison.ParseRequirement(text, p.names()); err == nil { // it was checked
			all = append(all, q.Measure())
		}
	}
	return all
}

// described returns the load as a report tells it.
func (l *Load) described(measure string) comparison.Load {
	d := comparison.Load{Name: l.Name, Text: l.Options.LoadText(), Measure: measure}
	switch {
	case measure != "":
	case l.Options.Open():
		d.Measure = "ready.q99"
	default:
		d.Measure = "rate"
	}
	return d
}

// Do measures and prints the comparison. What was measured is kept whatever happens.
func (c *Comparison) Do(ctx context.Context, u *ui.UI) error {
	if u.OutIsLost() {
		return errors.New("standard output is closed, and the comparison would be lost: redirect it")
	}
	file, err := measure.PreparePage(c.options.HTML)
	if err != nil {
		return err
	}
	if c.finished {
		return errors.Join(c.print(u), c.savePage(u, file, func(func()) {}))
	}
	c.study.Interrupted = true  // until all is made, for who looks at it after a crash
	if len(c.study.Runs) == 0 { // from now on it can be resumed
		if err := c.save(); err != nil {
			return err
		}
	}
	if text := c.options.tooFew(c.testees); text != "" {
		u.Warn(text)
	}
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	h := &harness{
		Comparison: c, ui: u, signals: signals, timeWaits: host.TimeWaits(),
		watch: &measure.Repeated{UI: u, Signals: signals, Quiet: true, Interrupt: "closing open connections; go on with --resume " + c.store.folder},
	}
	hide := h.show()
	stopped := h.all(ctx)
	h.stopAll()
	hide()
	signals.Writing()
	lost := c.save()
	ended := c.ended(stopped, lost)
	if len(c.study.Runs) == 0 {
		return ended
	}
	printed := errors.Join(c.print(u), c.savePage(u, file, signals.OnExit))
	if !c.options.Quiet && lost == nil {
		u.Note("results kept in " + c.store.folder)
	}
	return errors.Join(printed, ended, c.missing())
}

// ended returns why the comparison ended early, and whether its index was lost. What keeps a result
// from being written, such as a folder that is gone, mostly does so to the index: it is said once.
func (c *Comparison) ended(stopped, lost error) error {
	if l, is := errors.AsType[lostResult](stopped); is {
		return fmt.Errorf("%w: when files can be written there again, go on with --resume %s", l.error, c.store.folder)
	}
	return errors.Join(lost, stopped)
}

// print prints the comparison. The error is that of the output, or of requirements that are not met.
func (c *Comparison) print(u *ui.UI) error {
	return errors.Join(comparison.WriteAs(job.FormatOf(c.options.JSON, c.options.Format), u.Out, c.study), u.Out.Flush(), c.unmet())
}

// show shows the table on a terminal until hide is called.
func (h *harness) show() (hide func()) {
	if h.options.Quiet || !h.ui.Terminal() {
		return func() {}
	}
	h.live = showLive(h.ui)
	return h.live.board.Stop
}

func (c *Comparison) save() error {
	return c.store.save(c.index())
}

func (c *Comparison) index() *index {
	return &index{Schema, c.options, c.testees, c.loads, c.study}
}

// missing is the error of a comparison in which something did not run.
func (c *Comparison) missing() error {
	n := 0
	for _, r := range c.study.Runs {
		if r.Problem != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d runs failed as a whole", n, len(c.study.Runs))
}

// unmet returns the requirements that are not met.
func (c *Comparison) unmet() error {
	var all []error
	for _, text := range c.options.Requirements {
		q, err := comparison.ParseRequirement(text, c.names())
		if err != nil {
			return err // it was checked
		}
		for _, found := range q.Unmet(c.study) {
			all = append(all, ui.Unmet{Err: fmt.Errorf("requirement not met: %s: %s", q, found)})
		}
	}
	return errors.Join(all...)
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
