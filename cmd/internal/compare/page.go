package compare

import (
	"fmt"
	"slices"
	"strings"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/page"
)

// savePage writes the page, if there is to be one.
func (c *Comparison) savePage(u *ui.UI, to measure.PageFile, begun func(undo func())) error {
	if c.options.HTML == "" {
		return nil
	}
	subjects, err := c.subjects()
	if err != nil {
		return err
	}
	p := &page.Page{Study: c.study, Subjects: subjects, Command: c.command(u.Args)}
	return to.Save(p, begun)
}

// command is how to make the comparison again: with the same order of turns.
func (c *Comparison) command(args []string) string {
	if !c.finished && !slices.ContainsFunc(args, isSeed) {
		args = append(slices.Clip(args), "--seed", fmt.Sprint(c.options.Seed))
	}
	return job.CommandLineOf(args)
}

// subjects merges the results of each testee under each load, as far as there are any.
func (c *Comparison) subjects() (all []page.Subject, err error) {
	for load := range c.study.Loads {
		for testee := range c.study.Testees {
			results, err := c.results(load, testee)
			if err != nil {
				return nil, err
			}
			if len(results) == 0 {
				continue
			}
			merged, err := stats.MergeResults(results...)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Subject{Load: load, Testee: testee, Result: merged, Runs: len(results)})
		}
	}
	return all, nil
}

// result reads that of a run.
func (c *Comparison) result(file string) (*stats.Result, error) {
	if c.store == nil {
		return readResult(file)
	}
	return c.store.result(file)
}

// results reads what a testee's runs under a load have left.
func (c *Comparison) results(load, testee int) (all []*stats.Result, err error) {
	for _, run := range c.study.Runs {
		if run.Load != load || run.Testee != testee || run.File == "" || run.Problem != "" {
			continue
		}
		r, err := c.result(run.File)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// isSeed reports whether an argument decides on the order of turns.
func isSeed(arg string) bool {
	return strings.HasPrefix(arg, "--seed") || strings.HasPrefix(arg, "--resume")
}
