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
)

// verbs is the table of commands, in the order of the help.
var verbs = []func(*ui) *cobra.Command{
	newRunCommand,
	newDriveCommand,
	newReportCommand,
	newTesteeCommand,
	newSchemaCommand,
	newManCommand,
	newVersionCommand,
}

func main() {
	// A closed pipe is to be an error that is reported like a full disk, not a
	// silent death: the Go runtime dies of SIGPIPE on file descriptors 1 and 2
	// unless the signal is taken (package os/signal, "SIGPIPE").
	signal.Ignore(unix.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code of the process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	u := newUI(stdin, stdout, stderr)
	root := newRootCommand(u)
	root.SetArgs(route(root, args))
	return u.finish(root.Execute())
}
