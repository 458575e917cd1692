// Command wsperf is a load generator for WebSocket servers: it opens
// connections, performs the opening and the closing handshake (RFC 6455
// sections 4 and 7), and measures every phase of each of them.
package main

import (
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// verbs is the table of commands, in the order of the help.
var verbs = []func(*ui.UI) *cobra.Command{
	newRunCommand,
	newSearchCommand,
	newCompareCommand,
	newDriveCommand,
	newLaunchCommand,
	newReportCommand,
	newCalibrateCommand,
	newTesteeCommand,
	newWorkerCommand,
	newKeepCommand,
	newReadyCommand,
	newStderrCommand,
	newSchemaCommand,
	newManCommand,
	newVersionCommand,
}

func main() {
	// Report a closed pipe like a full disk. Unless SIGPIPE is ignored, the Go runtime
	// dies of it on file descriptors 1 and 2 (package os/signal, "SIGPIPE").
	signal.Ignore(unix.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code of the process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	u := ui.New(stdin, stdout, stderr)
	u.Args = args
	root := newRootCommand(u)
	root.SetArgs(route(root, args))
	return u.Finish(root.Execute())
}
