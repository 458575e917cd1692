package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/keep"
	"wsperf/cmd/internal/ui"
)

// newKeepCommand makes the verb that compare starts the commands of testees with. Users have no
// use for it.
func newKeepCommand(u *ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:    "keep COMMAND",
		Short:  "run the command of a testee for wsperf compare",
		Hidden: true,
		Args:   exactArgs(1, "keep takes one"),
		RunE:   func(_ *cobra.Command, args []string) error { return keep.Do(args[0], u.In, u.Stderr()) },
	}
}
