package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
)

const rootLong = `wsperf opens WebSocket connections to a server (the testee) as fast as the machine
can, performs the opening and the closing handshake (RFC 6455) on each of them,
and reports how long every phase took.

Results go to standard output, progress and warnings to standard error.
Exit codes: 0 done, 1 could not run or every handshake failed, 2 usage, 3 a requirement
(--require) is not met, 4 wsperf was the bottleneck (--require valid) or the run was too late to begin
(--max-late), 128 + the signal: 130 interrupted (Ctrl-C), 143 terminated, 129 the terminal closed.`

const rootExample = `  # 200000 handshakes against the built-in testee
  wsperf run

  # 30 seconds against a server, at most 2000 opening handshakes in flight
  wsperf run ws://192.0.2.7:9000/chat --duration 30s --low 1000 --high 2000

  # the short call: URL THREADS CONNECTIONS LOW HIGH [RESULTFILE]
  wsperf ws://127.0.0.1:9000 4 200000 1000 2000 > results.json

  # the report of a result file
  wsperf report results.json`

// newRootCommand builds the command tree. The root itself takes the positional call.
func newRootCommand(u *ui.UI) *cobra.Command {
	root := &cobra.Command{
		Use:           "wsperf URL THREADS CONNECTIONS LOW HIGH [RESULTFILE]",
		Short:         "load generator for WebSocket servers",
		Long:          rootLong,
		Example:       rootExample,
		Version:       versionLine(),
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true, // ui.Finish prints errors
		SilenceUsage:  true,
		RunE:          positionalVerb(u),
	}
	root.DisableFlagsInUseLine = true
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(u.In)
	root.SetOut(u.Out)
	root.SetErr(u.Stderr())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { writeHelp(u.Out, c) })
	root.SetFlagErrorFunc(flagError)
	for _, verb := range verbs {
		root.AddCommand(verb(u))
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(newHelpCommand(u))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("completion") // without an argument, cobra leaves the command out
	tameCompletion(root)
	return root
}

// newHelpCommand replaces cobra's, which ends with 0 for an unknown command.
func newHelpCommand(u *ui.UI) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "print the help of a command",
		Example: "  wsperf help run",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && !isVerb(c.Root(), args[0]) {
				return unknownCommand(c.Root(), args[0])
			}
			topic, _, err := c.Root().Find(args)
			if err != nil {
				return asUsage(c, err)
			}
			topic.InitDefaultHelpFlag() // otherwise cobra adds these two to the command that it runs
			topic.InitDefaultVersionFlag()
			writeHelp(u.Out, topic)
			return nil
		},
	}
}

// tameCompletion gives cobra's completion command help and errors in our style.
func tameCompletion(root *cobra.Command) {
	c, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err) // it was just added
	}
	c.Use = "completion SHELL"
	c.Short = "print the completion script of a shell"
	c.Long = "Completion prints a script that teaches a shell to complete wsperf's commands and options."
	c.Example = "  source <(wsperf completion bash)\n  wsperf completion fish > ~/.config/fish/completions/wsperf.fish"
	c.DisableFlagsInUseLine = true
	for _, shell := range c.Commands() {
		shell.Args = exactArgs(0, "completion takes the name of the shell and nothing else")
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(c, "missing argument: must be bash, zsh, fish or powershell")
		}
		return usagef(c, "unknown shell %q: must be bash, zsh, fish or powershell", args[0])
	}
}

// route puts "--" before the positional call, so that cobra takes nothing in it
// for a flag: a mistyped number such as -5 then gets the error of its argument.
func route(root *cobra.Command, args []string) []string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || isVerb(root, args[0]) {
		return args
	}
	for _, a := range args {
		if a == "-h" || a == "--help" {
			return []string{"--help"}
		}
	}
	return append([]string{"--"}, args...)
}

func isVerb(root *cobra.Command, word string) bool {
	if strings.HasPrefix(word, "__") { // cobra's own: the shells' completion scripts call __complete
		return true
	}
	for _, c := range root.Commands() {
		if c.Name() == word || c.HasAlias(word) {
			return true
		}
	}
	return false
}

// unknownCommand is the error for a first argument that is neither a verb nor a URL.
func unknownCommand(root *cobra.Command, word string) error {
	if near := root.SuggestionsFor(word); len(near) > 0 {
		return usagef(root, "unknown command %q: did you mean %s?", word, strings.Join(near, " or "))
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usagef(root, "unknown command %q: must be a URL (ws://...) or one of %s", job.Mask(word), strings.Join(names, ", "))
}

// exactArgs demands n arguments; want says what they are.
func exactArgs(n int, want string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) > n:
			return usagef(c, "unexpected argument %q: %s", job.Mask(args[n]), want)
		case len(args) < n:
			return usagef(c, "missing argument: %s", want)
		}
		return nil
	}
}

// usagef makes a usage error of that command.
func usagef(c *cobra.Command, format string, args ...any) error {
	return &ui.UsageError{Err: fmt.Errorf(format, args...), Command: c.CommandPath()}
}

// asUsage makes a usage error of an error that a check of the command line found; nil stays nil.
func asUsage(c *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return &ui.UsageError{Err: err, Command: c.CommandPath()}
}
