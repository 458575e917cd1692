package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/drive"
	"wsperf/cmd/internal/ui"
)

// newWorkerCommand makes the verb that drive starts its workers with. Users have
// no use for it.
func newWorkerCommand(u *ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:    "worker",
		Short:  "be a worker of wsperf drive",
		Hidden: true,
		Args:   exactArgs(0, "worker takes none"),
		RunE:   func(c *cobra.Command, _ []string) error { return drive.Work(c.Context(), u) },
	}
}
