package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/search"
	"wsperf/cmd/internal/ui"
)

const searchLong = `Search finds the highest rate at which the testee at URL meets all requirements. Each
step is a run with an open loop (see wsperf run --rate) at one rate. The rate doubles
until a step misses a requirement, or halves until one meets all of them, down to 1 per
second. Then search halves the interval in between until its ends are as close as
--precision asks for. So the testee has to bear nearly twice its limit for some steps.

A step can go well or badly by chance. Each end of the answer was met in two steps more
than missed, or the other way round, or in three of five. With the defaults a search
takes 15 to 20 steps as a rule, and 180 at most. Between two steps search waits for a
tenth of --step, at most 1 s, and three times as long unless the step was met.

Starts follow the clock, whatever the testee does. A step that meets the requirements
counts if 99 % of its starts were made, late or not. A step that does not meet them may
fail because of the client, if starts were late or not made (see wsperf run). Then it is
marked "not kept" and repeated once. If that happens again, the rate is the client's own
limit, and search says so. The testee is held responsible if starts waited because as
many connections were open as can be, or if it was far behind at the end of the step.

Require something of failures too: connections that fail are not in the times.

The first interrupt (Ctrl-C) ends the step and prints what is known so far; a second one
stops at once. If every connection of a step is refused, search ends with exit code 1.` + measuresLong + `

The exit code is 0 if a rate was found, 3 if no rate meets the requirements, and 1 if the
client itself did not keep even the lowest one.`

const searchExample = `  # the highest rate at which 99 % of the users wait less than 10 ms, and nothing fails
  wsperf search ws://192.0.2.7:9000/chat --require 'ready.q99 < 10ms' --require 'fail% == 0'

  # from 1000 a second, 30 seconds at each rate, to 2 %, and keep all results
  wsperf search ws://192.0.2.7:9000/ --require 'ready.q999 < 50ms' --require 'fail% < 0.1' \
      --from 1000 --step 30s --precision 2% --out search.json`

func newSearchCommand(u *ui.UI) *cobra.Command {
	o := search.Default()
	c := &cobra.Command{
		Use:     "search URL --require EXPR... [options]",
		Short:   "find the highest rate that meets requirements",
		Long:    searchLong,
		Example: searchExample,
		Args:    oneURL,
	}
	c.DisableFlagsInUseLine = true
	line := o.Bind(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		o.URL = args[0]
		if err := line.Check(); err != nil {
			return asUsage(c, err)
		}
		s, err := search.New(o)
		if err != nil {
			return asUsage(c, err)
		}
		return s.Do(c.Context(), u)
	}
	return c
}

func oneURL(c *cobra.Command, args []string) error {
	want := c.Name() + " takes one URL, such as ws://HOST:PORT/PATH, and options"
	switch {
	case len(args) == 0 || args[0] == "":
		return usagef(c, "the URL is missing: %s", want)
	case len(args) > 1:
		return usagef(c, "unexpected argument %q: %s", job.Mask(args[1]), want)
	}
	return nil
}
