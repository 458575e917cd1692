package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/search"
	"wsperf/cmd/internal/ui"
	"wsperf/stats/comparison"
	"wsperf/stats/file"
)

// documents is the table of what has a schema of its own, besides the result file.
var documents = []struct{ name, schema string }{
	{"search", search.SchemaJSON},
	{"compare", comparison.SchemaJSON},
}

func newSchemaCommand(u *ui.UI) *cobra.Command {
	c := &cobra.Command{
		Use:   "schema [search|compare]",
		Short: "print the JSON Schema of the result file, or of a search or comparison",
		Example: "  wsperf schema > wsperf-1.schema.json\n  wsperf schema search > wsperf-search-1.schema.json\n" +
			"  wsperf schema compare > wsperf-comparison-1.schema.json",
		RunE: func(c *cobra.Command, args []string) error {
			text, err := schemaOf(c, args)
			if err != nil {
				return err
			}
			_, err = io.WriteString(u.Out, text)
			return err
		},
		Args: cobra.ArbitraryArgs,
	}
	c.DisableFlagsInUseLine = true
	return c
}

func schemaOf(c *cobra.Command, args []string) (string, error) {
	if len(args) == 0 {
		return file.SchemaJSON, nil
	}
	var names []string
	for _, d := range documents {
		if d.name == args[0] && len(args) == 1 {
			return d.schema, nil
		}
		names = append(names, d.name)
	}
	return "", usagef(c, "unexpected argument %q: schema takes %s or nothing", job.Mask(args[len(args)-1]), strings.Join(names, ", "))
}
