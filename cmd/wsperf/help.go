package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is the column at which the description of a flag is wrapped.
const helpWidth = 100

// writeHelp prints a command's help, examples first: most readers look for a
// line to copy. ui.UI.Out keeps a write error and reports it at the end.
func writeHelp(w io.Writer, c *cobra.Command) {
	if c.Long != "" {
		fmt.Fprintf(w, "%s\n\n", c.Long)
	} else if c.Short != "" {
		fmt.Fprintf(w, "%s\n\n", c.Short)
	}
	if c.Example != "" {
		fmt.Fprintf(w, "Examples:\n%s\n\n", c.Example)
	}
	writeUsage(w, c)
	writeVerbs(w, c)
	if c.HasAvailableFlags() {
		fmt.Fprintf(w, "\nOptions:\n%s", c.Flags().FlagUsagesWrapped(helpWidth))
	}
}

func writeUsage(w io.Writer, c *cobra.Command) {
	fmt.Fprintf(w, "Usage:\n")
	if c.Runnable() {
		fmt.Fprintf(w, "  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND [options]\n", c.CommandPath())
	}
}

func writeVerbs(w io.Writer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	fmt.Fprintf(w, "\nCommands (each has its own --help):\n")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			fmt.Fprintf(w, "  %-12s%s\n", sub.Name(), strings.TrimSuffix(sub.Short, "."))
		}
	}
}
