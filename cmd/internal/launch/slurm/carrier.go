// Package slurm carries the parts of a run by Slurm, with the user's own srun and squeue.
package slurm

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/launch"
)

// Step is what a launch asks of Slurm.
type Step struct {
	Shards  int
	Program string   // path of wsperf on the nodes
	Args    []string // of wsperf run, with URL
	Options []string // of srun, such as --partition=debug

	RunID        string // empty: the name of the step
	MaxLate      time.Duration
	StartTimeout time.Duration // for how long a part waits for the moment
}

// Carrier carries the parts as the tasks of one job step, which srun starts: within the allocation
// that the environment names, or in one of its own (srun(1)). All nodes share a folder, through
// which the parts get the moment and in which they leave what they print.
//
// It implements launch.Carrier.
type Carrier struct {
	step   Step
	folder *folder
	note   func(sentence string)

	srun  *srun // nil: not started
	queue queue
	heard time.Time // when the first task showed up; zero: none has

	begun       bool
	interrupted bool
	results     int // of parts that have begun
}

// New returns a carrier that makes its folder in parent. note tells the user that the folder was
// kept. The error is a mistake in what is asked for.
func New(s Step, parent string, note func(sentence string)) (*Carrier, error) {
	f, err := newFolder(parent, s.Shards)
	if err != nil {
		return nil, err
	}
	s.RunID = cmp.Or(s.RunID, f.name())
	return &Carrier{step: s, folder: f, note: note}, nil
}

// Name names the step by its folder, which has the same name.
func (c *Carrier) Name() string { return "step " + c.folder.name() }

// CommandLine is that of srun. Of an option that is given twice, the last counts: what makes the
// step that of a launch comes after the user's options.
func (c *Carrier) CommandLine() []string {
	line := append([]string{"srun", "--ntasks-per-node=1"}, c.step.Options...)
	line = append(line,
		fmt.Sprintf("--ntasks=%d", c.step.Shards), "--job-name="+c.folder.name(),
		// A part that fails, ends or is lost with its node is not the end of the others.
		"--kill-on-bad-exit=0", "--wait=0", "--no-kill",
		// SIGINT goes to the tasks. Otherwise the first one only prints how they are.
		"--disable-status",
		"--mpi=none", "--input=none",
		"--task-epilog="+c.folder.path(epilog),
		"--output="+c.folder.path(outputOf("%t")), "--error="+c.folder.path(errorsOf("%t")))
	return append(append(line, c.step.Program, "run"), c.partArguments()...)
}

// partArguments leave the number of the part to the variables that srun sets for each task.
func (c *Carrier) partArguments() []string {
	return append(append([]string(nil), c.step.Args...),
		"--quiet", "--out=-", "--run-id="+c.step.RunID, "--ready-file="+c.folder.path(readyOf("{shard}")),
		"--start-at=@"+c.folder.path(startFile), "--start-timeout="+c.step.StartTimeout.String(), "--max-late="+c.step.MaxLate.String())
}

// Submit starts srun, which asks for an allocation if it is in none.
func (c *Carrier) Submit(context.Context) (err error) {
	if err := c.folder.create(); err != nil {
		return err
	}
	c.queue = queue{since: time.Now(), within: os.Getenv("SLURM_JOB_ID")}
	c.srun, err = start(c.CommandLine(), c.folder.path(srunLog))
	return err
}

// Look counts the marks in the folder. Tasks of a lost node leave none: they have ended when srun has.
func (c *Carrier) Look(ctx context.Context) (launch.State, error) {
	over := c.srun.over() // before the marks are counted: those of its tasks are there then
	said := c.srun.news()
	seen, err := c.folder.look()
	if err != nil {
		return launch.State{}, err
	}
	s := seen.state()
	switch {
	case c.begun && over:
		s.Ended = c.step.Shards
	case c.begun || s.Ended > 0:
	case c.srun.launchFailed:
		return launch.State{}, launch.Refusal{Err: c.notLaunched()}
	case over:
		return launch.State{}, launch.Refusal{Err: c.srun.lastWords()}
	}
	s.Trouble = append(said, c.queue.reason(ctx, said, len(seen.started) > 0)...)
	s.Trouble = append(s.Trouble, c.strangers(seen)...)
	return s, nil
}

// notLaunched is the error of a step of which Slurm has not started a task. slurmstepd has these words for files that it
// cannot open.
func (c *Carrier) notLaunched() error {
	err := c.srun.lastWords()
	if strings.Contains(err.Error(), "could not connect IO") {
		return fmt.Errorf("%w: can all nodes write to %s? see --dir", err, c.folder.dir)
	}
	return err
}

// strangerAfter is how long tasks have to show up after the first. srun starts all at once.
const strangerAfter = 10 * time.Second

// strangers says that tasks do not show up in the folder, which may be another one on their nodes.
func (c *Carrier) strangers(s *marks) []string {
	if c.heard.IsZero() && len(s.started) > 0 {
		c.heard = time.Now()
	}
	missing := c.step.Shards - len(s.started)
	if len(s.started) == 0 || missing == 0 || time.Since(c.heard) < strangerAfter {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d parts have left no file in %s: is it one folder on all nodes? see --dir", missing, c.step.Shards, c.folder.dir)}
}

// Begin writes the moment.
func (c *Carrier) Begin(_ context.Context, at time.Time) error {
	c.begun = true
	return c.folder.begin(at)
}

// Interrupt sends SIGINT to the tasks.
func (c *Carrier) Interrupt(context.Context) error {
	c.interrupted, c.srun.deaf = true, true
	c.srun.signal(unix.SIGINT)
	return nil
}

// Collect reads the files of the tasks.
func (c *Carrier) Collect(_ context.Context, take func(launch.Output)) error {
	for i := range c.step.Shards {
		o, err := c.folder.output(i)
		if err != nil {
			return err
		}
		if c.begun && len(o.Result) > 0 {
			c.results++
		}
		take(o)
	}
	return nil
}

// Delete ends srun, which ends its step, and its allocation unless it was within one.
func (c *Carrier) Delete(ctx context.Context) error {
	if c.srun != nil {
		if err := c.srun.end(ctx, c.note); err != nil {
			return err
		}
	}
	if c.worthKeeping() {
		c.note("what the parts printed was kept in " + c.folder.dir)
		return nil
	}
	return c.folder.remove()
}

// worthKeeping reports whether parts have begun and not all have a result: what they printed may say why.
func (c *Carrier) worthKeeping() bool {
	return c.begun && c.results < c.step.Shards && (c.results > 0 || !c.interrupted)
}
