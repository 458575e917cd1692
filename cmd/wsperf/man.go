package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
)

func newManCommand(*ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "write the manual pages into a directory",
		Example: "  wsperf man /usr/local/share/man/man1",
		Args:    exactArgs(1, "man DIR writes into one directory"),
		RunE: func(c *cobra.Command, args []string) error {
			return writeManual(c.Root(), args[0])
		},
	}
}

// writeManual writes a page per command into dir, which it creates if necessary.
func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("manual pages: %w", err)
	}
	root.DisableAutoGenTag = true
	// A fixed date makes the pages reproducible.
	date := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	header := &doc.GenManHeader{Section: "1", Source: "wsperf " + job.Version, Manual: "wsperf manual", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("manual pages: %w", err)
	}
	return nil
}
