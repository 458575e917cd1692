package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
)

func newVersionCommand(u *ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version",
		Example: "  wsperf version",
		Args:    exactArgs(0, "version takes none"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(u.Out, versionLine())
			return err
		},
	}
}

// versionLine names the program, the toolchain and the commit that it was built from.
func versionLine() string {
	return fmt.Sprintf("wsperf %s (%s %s/%s, commit %s)", job.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, job.Commit())
}
