package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/compare"
	"wsperf/cmd/internal/ui"
)

const compareLong = `Compare measures two or more testees in rounds and says which differ, and by how much.
Each testee is measured once in each round, in an order drawn by chance that the next
round reverses. The speed of a machine drifts, so testees are compared by their ratio
within a round; a difference is claimed only if an exact test over the rounds finds one,
corrected for the number of pairs. "~" stands for no difference. The smallest difference
that the rounds could have found is always printed.

A testee is NAME=URL if it runs already, or NAME='COMMAND'@URL: wsperf starts the command
by the shell, waits until it accepts connections at the URL, and ends it and all that it
has started after each run (--restart). Its cost is measured in both cases if it is on
this machine. Instead of testees, compare takes a plan in YAML with testees, loads and
options; --init prints one to start from.

Instead of testees, compare also takes what was measured before: the folder of a
comparison, or result files and folders with some, as PATH or NAME=PATH,PATH... Those share
no rounds, so a drift of the machine between them counts as a difference.

The options below --quiet are those of wsperf run and make the load, by default 3 seconds
of a closed loop after a warm-up of one. The results are kept in a folder (--out), with an
index that only its owner can read, because it holds the plan with its headers.

In the table, the line of a testee goes from its least to its most round, with o at the
median. A run in which connections failed, wsperf was the bottleneck, or the machine was
disturbed counts, and the report says in how many that was so. A testee that cannot be
started or measured has no value in that round, and the others go on.

--require compares a measure of two testees, such as 'new.rate >= 0.98*old.rate'. It is
unmet if the whole confidence interval is on the wrong side. The measures are those of
wsperf run --require.

--format prints the comparison in one of these forms:

    text   for people, at most 100 columns wide
    json   the document: all runs, and what was found
    md     Markdown for a README
    csv    one table with the columns load, round, testee, measure, value, unit and marks
    bench  Go's benchmark format, a line per run: benchstat -col /testee compares them

The first interrupt (Ctrl-C) ends the run, prints what there is, and --resume goes on.
The exit code is 1 if a run failed as a whole, and 3 if a requirement is not met.`

const compareExample = `  # two servers that run already
  wsperf compare a=ws://127.0.0.1:9001/ b=ws://127.0.0.1:9002/

  # two versions of one, started by wsperf, at 1000 connections a second
  wsperf compare old='./server-1.0 --port 9001'@ws://127.0.0.1:9001/ \
      new='./server-1.1 --port 9002'@ws://127.0.0.1:9002/ --rate 1000 --baseline old

  # for CI: exit code 3 if the new one is slower by more than 2 %
  wsperf compare old=ws://127.0.0.1:9001/ new=ws://127.0.0.1:9002/ \
      --require 'new.rate >= 0.98*old.rate'

  # results of two commits
  wsperf compare old=a1.json,a2.json,a3.json,a4.json new=b1.json,b2.json,b3.json,b4.json

  # a plan
  wsperf compare --init > plan.yaml
  wsperf compare plan.yaml --out results`

func newCompareCommand(u *ui.UI) *cobra.Command {
	var line *compare.CommandLine
	var template bool
	c := &cobra.Command{
		Use:     "compare TESTEE TESTEE... [options]",
		Short:   "compare testees in rounds",
		Long:    compareLong,
		Example: compareExample,
	}
	c.DisableFlagsInUseLine = true
	c.Flags().BoolVar(&template, "init", false, "print a plan to start from (default off)")
	line = compare.Bind(c.Flags())
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 && !template && line.Resume == "" {
			return usagef(c, "missing argument: compare needs two testees or more, or a plan: wsperf compare --init prints one")
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if template {
			_, err := u.Out.WriteString(compare.Template)
			return err
		}
		comparison, err := compare.New(line, args)
		if err != nil {
			return asUsage(c, err)
		}
		return comparison.Do(c.Context(), u)
	}
	return c
}
