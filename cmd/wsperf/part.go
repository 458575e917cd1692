package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// The verbs below stand in for a shell in the container of a part, whose image has none. Users have no use for them.

// newReadyCommand makes the verb of a startup probe.
func newReadyCommand(*ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:    "ready FILE",
		Short:  "exit with code 0 if FILE is there",
		Hidden: true,
		Args:   exactArgs(1, "ready takes one file"),
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := os.Stat(args[0])
			return err
		},
	}
}

// newStderrCommand makes the verb that keeps the two outputs of a part apart.
func newStderrCommand(*ui.UI) *cobra.Command {
	c := &cobra.Command{
		Use:    "stderr FILE COMMAND...",
		Short:  "be another command of wsperf, with standard error in FILE",
		Hidden: true,
		Args:   cobra.MinimumNArgs(2),
		RunE:   func(_ *cobra.Command, args []string) error { return becomeWithStderr(args[0], args[1:]) },
	}
	c.Flags().SetInterspersed(false) // options are those of COMMAND
	return c
}

// becomeWithStderr replaces this process. It returns only if that fails.
func becomeWithStderr(path string, args []string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("standard error: %w", err)
	}
	if err := unix.Dup3(int(f.Fd()), 2, 0); err != nil {
		return fmt.Errorf("standard error to %s: %w", path, err)
	}
	return unix.Exec("/proc/self/exe", append([]string{"wsperf"}, args...), os.Environ())
}
