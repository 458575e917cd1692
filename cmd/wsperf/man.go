package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/ui"
)

// manual holds the manual pages, one per command. TestManualPages makes them of the
// commands' help, because a program that is linked with what makes them starts two
// milliseconds later.
//
//go:embed manual
var manual embed.FS

func newManCommand(*ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "write the manual pages into a directory",
		Example: "  wsperf man /usr/local/share/man/man1",
		Args:    exactArgs(1, "man DIR writes into one directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := writeManual(args[0]); err != nil {
				return fmt.Errorf("manual pages: %w", err)
			}
			return nil
		},
	}
}

// writeManual writes the pages into dir, which it creates if necessary.
func writeManual(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	pages, err := manual.ReadDir("manual")
	if err != nil {
		return err
	}
	for _, page := range pages {
		text, err := manual.ReadFile("manual/" + page.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, page.Name()), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
