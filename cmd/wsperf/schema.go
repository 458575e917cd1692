package main

import (
	"io"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/ui"
	"wsperf/stats/file"
)

func newSchemaCommand(u *ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "print the JSON Schema of the result file",
		Example: "  wsperf schema > wsperf-1.schema.json",
		Args:    exactArgs(0, "schema takes none"),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(u.Out, file.SchemaJSON)
			return err
		},
	}
}
