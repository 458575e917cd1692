package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/stats/file"
	"wsperf/stats/page"
	"wsperf/stats/report"
	"wsperf/stats/require"
)

const reportLong = `Report reads result files (see wsperf run --out), and those of wsperf's ancestor, in
any mix, merges them if there are more than one, and prints the report. "-" is
standard input: a text in which results stand among other lines, such as the log of a
cluster. A line that begins with a result may have a label before it, and a result may take
several lines; other lines are skipped. A file that cannot be read is named and left out; of a damaged file
the intact part is reported. In both cases the exit code is 1. If the runs differ in
what bears on the measurement, such as load, version, kernel, CPU or sysctls, the report
says so.

With --expect N the results must be the N parts of one run (wsperf run --shard). One of another run,
of another configuration or number of parts, or of a part that came already, is named and left
out, and the exit code is 1. If a part is missing, or was too late to begin, the report says in its first line
which, and the exit code is 3, unless --allow-missing allows for as many.

The report of a single file repeats the requirements of its run, if there were any. That
of several files does not: what holds for the parts need not hold for their sum. Neither
changes the exit code; --require does, and takes the place of those in the file.` + formatLong + requireLong

const reportExample = `  # the report of one run
  wsperf report result.json

  # one report for a run that was spread over machines
  wsperf report client1.json client2.json

  # their sum as one result file
  wsperf report --json client*.json > all.json

  # one report of a run in three parts; exit code 3 if one is missing
  wsperf report --expect 3 part0.json part1.json part2.json
  kubectl logs --selector job-name=load --tail=-1 | wsperf report --expect 100 -

  # the curve of phase total, for HdrHistogram's plotter
  wsperf report result.json --format hgrm:total > total.hgrm

  # two testees compared by benchstat, with several runs of each
  for f in a*.json; do wsperf report $f --format bench; done > a.txt
  for f in b*.json; do wsperf report $f --format bench; done > b.txt
  benchstat -ignore url a.txt b.txt

  # exit code 3 if the runs together have too many failures
  wsperf report client*.json --require 'fail% < 0.1'

  # as the script that came with the ancestor would have computed it
  wsperf report --ancestor result_*.json`

// reportOptions are the options of wsperf report.
type reportOptions struct {
	json, ancestor bool
	format         string // empty: not given
	html           string // page; empty: none
	requirements   []require.Requirement
	expected       measure.Expected
}

func newReportCommand(u *ui.UI) *cobra.Command {
	o := reportOptions{}
	c := &cobra.Command{
		Use:     "report FILE... [options]",
		Short:   "print the report of result files",
		Long:    reportLong,
		Example: reportExample,
		Args:    o.check,
	}
	c.DisableFlagsInUseLine = true
	c.Flags().BoolVar(&o.json, "json", false, "print the merged result as JSON instead of the report: --format json (default off)")
	c.Flags().Var(job.Format{To: &o.format}, "format", job.FormatUsage)
	c.Flags().Var(job.HTML(&o.html), "html", job.HTMLUsage)
	c.Flags().BoolVar(&o.ancestor, "ancestor", false,
		"print the block with the ancestor's arithmetic: exact, over all connections,\nfailed ones too; needs a record per connection (default off)")
	c.Flags().Var(job.Requirements{To: &o.requirements}, "require", job.RequireUsage)
	c.Flags().IntVar(&o.expected.Parts, "expect", 0, "the results are the parts of one run in `N` processes; exit with 3 if one is missing\n(default any results)")
	c.Flags().IntVar(&o.expected.MayLack, "allow-missing", 0, "with --expect: up to `K` parts may be missing (default 0)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if o.ancestor {
			return reportAsAncestor(u, args)
		}
		return o.report(u, args)
	}
	return c
}

func (o *reportOptions) check(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usagef(c, "missing argument: report needs one result file or more")
	case countOf(args, file.Stdin) > 1:
		return usagef(c, "\"-\" is given twice: standard input can be read once")
	case o.json && o.ancestor:
		return usagef(c, "--json and --ancestor: must be one of them")
	case o.format != "" && o.ancestor:
		return usagef(c, "--format and --ancestor: must be one of them")
	case o.html != "" && o.ancestor:
		return usagef(c, "--html and --ancestor: must be one of them")
	case len(o.requirements) > 0 && o.ancestor:
		return usagef(c, "--require and --ancestor: must be one of them")
	}
	if err := o.checkParts(c); err != nil {
		return err
	}
	if err := job.CheckFormats(o.json, o.format); err != nil {
		return asUsage(c, err)
	}
	return nil
}

func countOf(args []string, arg string) int {
	n := 0
	for _, a := range args {
		if a == arg {
			n++
		}
	}
	return n
}

func (o *reportOptions) checkParts(c *cobra.Command) error {
	switch expects := c.Flags().Changed("expect"); {
	case expects && o.ancestor:
		return usagef(c, "--expect and --ancestor: must be one of them")
	case expects:
		return asUsage(c, o.expected.Check())
	case c.Flags().Changed("allow-missing"):
		return usagef(c, "--allow-missing needs --expect N, the number of parts")
	}
	return nil
}

func (o *reportOptions) report(u *ui.UI, paths []string) error {
	p, err := measure.PreparePage(o.html)
	if err != nil {
		return err
	}
	merged, found, missing := o.expected.Merge(&file.Input{Paths: paths, Text: u.In})
	if found.Skipped > 0 {
		u.Note(fmt.Sprintf("results: %d, other lines of standard input that were skipped: %d", found.Results, found.Skipped))
	}
	errs := append(found.Errs, missing)
	if merged == nil {
		return errors.Join(errs...)
	}
	unmet := measure.Require(o.requirements, merged)
	errs = append(errs, p.Save(page.Single(merged), func(func()) {}))
	format := job.FormatOf(o.json, o.format)
	errs = append(errs, report.WriteAs(format, u.Out, merged))
	if format == report.FormatText {
		errs = append(errs, writeCoverage(u.Out, found.Results, errs))
	}
	return errors.Join(append(errs, unmet)...)
}

func reportAsAncestor(u *ui.UI, paths []string) error {
	census, errs := file.LoadCensusFrom(fileOrStdin(u.In), paths, nil)
	if census == nil {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, report.Ancestor(u.Out, census), writeCoverage(u.Out, len(paths), errs))...)
}

func writeCoverage(w io.Writer, files int, errs []error) error {
	lost, damaged := file.Faults(errs)
	return report.Coverage(w, files, lost, damaged)
}

// fileOrStdin opens files; "-" is standard input.
func fileOrStdin(stdin io.Reader) file.Open {
	return func(path string) (io.ReadCloser, error) {
		if path == file.Stdin {
			return io.NopCloser(stdin), nil
		}
		return os.Open(path)
	}
}
