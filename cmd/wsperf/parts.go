package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

func (o *reportOptions) checkParts(c *cobra.Command) error {
	expects := c.Flags().Changed("expect")
	switch {
	case expects && (o.expect < 1 || o.expect > stats.MaxParts):
		return usagef(c, "--expect %d: must be 1 to %d", o.expect, stats.MaxParts)
	case expects && o.ancestor:
		return usagef(c, "--expect and --ancestor: must be one of them")
	case c.Flags().Changed("allow-missing") && !expects:
		return usagef(c, "--allow-missing needs --expect N, the number of parts")
	case o.allowMissing < 0 || expects && o.allowMissing >= o.expect:
		return usagef(c, "--allow-missing %d: must be 0 to %d, fewer than all parts", o.allowMissing, o.expect-1)
	}
	return nil
}

// merge merges all results, or those that are parts of the run. merged is nil if there is none,
// missing says which parts are not there.
func (o *reportOptions) merge(in *file.Input) (merged *stats.Result, found file.Found, missing error) {
	if o.expect == 0 {
		var m file.Merger
		found = in.Each(m.Add)
		return m.Result(), found, nil
	}
	g := stats.NewGather(o.expect)
	found = in.Each(g.Add)
	merged, err := g.Result()
	if err != nil { // each file has its own error
		return nil, found, nil
	}
	return merged, found, o.missing(merged)
}

// missing is an unmet requirement if the parts that the load lacks are too many.
func (o *reportOptions) missing(r *stats.Result) error {
	s, ok := r.Spread()
	if !ok || len(s.Missing)+len(s.TooLate) <= o.allowMissing {
		return nil
	}
	return ui.Unmet{Err: errors.New(s.Incomplete())}
}

func plural(n int, noun string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
