package main

import (
	"io"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/search"
	"wsperf/cmd/internal/ui"
	"wsperf/stats/file"
)

func newSchemaCommand(u *ui.UI) *cobra.Command {
	c := &cobra.Command{
		Use:     "schema [search]",
		Short:   "print the JSON Schema of the result file, or of a search",
		Example: "  wsperf schema > wsperf-1.schema.json\n  wsperf schema search > wsperf-search-1.schema.json",
		Args:    searchOrNothing,
		RunE: func(_ *cobra.Command, args []string) error {
			text := file.SchemaJSON
			if len(args) > 0 {
				text = search.SchemaJSON
			}
			_, err := io.WriteString(u.Out, text)
			return err
		},
	}
	c.DisableFlagsInUseLine = true
	return c
}

func searchOrNothing(c *cobra.Command, args []string) error {
	const want = "schema takes search or nothing"
	switch {
	case len(args) > 1:
		return usagef(c, "unexpected argument %q: %s", job.Mask(args[1]), want)
	case len(args) == 1 && args[0] != "search":
		return usagef(c, "unexpected argument %q: %s", job.Mask(args[0]), want)
	}
	return nil
}
