package compare

import (
	"context"
	"errors"
	"fmt"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/stats/comparison"
)

// Do measures and prints the comparison. What was measured is kept whatever happens.
func (c *Comparison) Do(ctx context.Context, u *ui.UI) error {
	if u.OutIsLost() {
		return errors.New("standard output is closed, and the comparison would be lost: redirect it")
	}
	page, err := measure.PreparePage(c.options.HTML)
	if err != nil {
		return err
	}
	if c.finished {
		return errors.Join(c.print(u), c.savePage(u, page, func(func()) {}))
	}
	if err := c.begin(u); err != nil {
		return err
	}
	return c.makeRuns(ctx, u, page)
}

// begin makes the index of a comparison without a run: from now on it can be resumed.
func (c *Comparison) begin(u *ui.UI) error {
	c.study.Interrupted = true // until all is made, for who looks at it after a crash
	if len(c.study.Runs) == 0 {
		if err := c.save(); err != nil {
			return err
		}
	}
	if text := c.options.tooFew(c.testees); text != "" {
		u.Warn(text)
	}
	return nil
}

// makeRuns makes the runs that are missing, and writes what came out.
func (c *Comparison) makeRuns(ctx context.Context, u *ui.UI, page measure.PageFile) error {
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	stopped := c.harness(u, signals).run(ctx)
	signals.Writing()
	lost := c.save()
	ended := c.ended(stopped, lost)
	if len(c.study.Runs) == 0 {
		return ended
	}
	printed := errors.Join(c.print(u), c.savePage(u, page, signals.OnExit))
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
