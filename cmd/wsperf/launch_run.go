package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
)

// partRun is the call of wsperf run that each part makes.
type partRun struct {
	args    []string // behind "run"
	options job.Options
	flags   *pflag.FlagSet
}

// notBehind are options that a part has not from the user, and why.
var notBehind = []struct{ names, why string }{
	{"shard start-at start-timeout ready-file quiet live", "launch sets it, or has no use for it: leave it out"},
	{"run-id max-late out json format html require", "it is an option of the whole: must stand before --"},
}

// newPartRun checks a call of wsperf run as each part will, as far as that can be done here.
func newPartRun(launch *cobra.Command, args []string, parts int) (*partRun, error) {
	if len(args) == 0 || args[0] != "run" {
		return nil, usagef(launch, "behind -- must stand run URL [options of run]")
	}
	r := &partRun{args: args[1:], options: job.Default()}
	c := &cobra.Command{Use: "run"}
	(&cobra.Command{Use: launch.Root().Name()}).AddCommand(c) // errors name wsperf run
	r.flags = c.Flags()
	line := job.BindRun(r.flags, &r.options)
	if err := c.ParseFlags(r.args); err != nil {
		return nil, flagError(c, err)
	}
	if err := r.checkNames(launch); err != nil {
		return nil, err
	}
	if err := oneURL(c, r.flags.Args()); err != nil {
		return nil, err
	}
	r.options.URL, r.options.Out = r.flags.Arg(0), job.StandardOutput
	if err := line.CheckRun(func(string) string { return "" }); err != nil {
		return nil, asUsage(c, err)
	}
	return r, asUsage(c, job.CheckElsewhere(r.options, parts))
}

// checkNames refuses options that a part does not have from the user.
func (r *partRun) checkNames(launch *cobra.Command) (err error) {
	r.flags.Visit(func(f *pflag.Flag) {
		for _, n := range notBehind {
			if err == nil && slices.Contains(strings.Fields(n.names), f.Name) {
				err = usagef(launch, "--%s behind --: %s", f.Name, n.why)
			}
		}
	})
	return err
}

// given reports whether the call has an option.
func (r *partRun) given(name string) bool { return r.flags.Changed(name) }
