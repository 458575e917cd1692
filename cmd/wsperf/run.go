package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
)

const runLong = `Run opens connections to the testee at URL, performs the opening and the closing
handshake on each, and prints the report. Without URL it starts the built-in testee
in a process of its own on the other CPUs, and runs against that.

If URL begins with wss://, connections are secured by TLS 1.2 or 1.3, and the testee's
certificate is verified: for a testee with a certificate of your own authority, give
--cacert. All TLS handshakes are full ones unless --tls-resume is given.

If the host of URL is a name with several addresses, all connections go to the first
address that accepts one. To find it, run connects to the addresses before it begins and
closes without sending anything. A link-local address has its interface as a zone, as in
ws://[fe80::1%25eth0]:9000/.

The first interrupt (Ctrl-C) closes open connections and reports what was measured;
a second one stops at once.

A run can be spread over N processes, on this machine or on several: --shard I/N makes a
share of the load that the other options describe, and --start-at has all begin together.
mpirun, mpiexec, srun and an indexed Job of Kubernetes (with the number of its pods in
WSPERF_SHARDS) tell a process by its environment which part it is. wsperf report merges
the results.` + formatLong + requireLong

const runExample = `  # 200000 handshakes against the built-in testee
  wsperf run

  # 30 seconds on CPUs 1 and 3, with up to 2000 opening handshakes in flight
  wsperf run ws://192.0.2.7:9000/chat --duration 30s --cpus 1,3 --low 1000 --high 2000

  # 2000 starts a second for 10 seconds, whether the testee keeps up or not
  wsperf run ws://192.0.2.7:9000/ --rate 2000 --duration 10s

  # 100000 connections in flight, more than one address of this machine has ports for
  wsperf run ws://127.0.0.1:9000/ --source 127.0.0.2-127.0.0.9 --low 90000 --high 100000

  # keep the result, with a record per connection
  wsperf run ws://192.0.2.7:9000/ --conns 50000 --out result.json --log

  # in a test: exit code 3 if more than 0.1 % fail, or if 1 % take 5 ms or longer
  wsperf run ws://192.0.2.7:9000/ --duration 10s --require 'fail% <= 0.1' --require 'open.q99 < 5ms'

  # the result as a table for a spreadsheet or a data frame
  wsperf run ws://192.0.2.7:9000/ --format csv > result.csv

  # over TLS, with an authority of one's own, and half of the sessions resumed
  wsperf run wss://192.0.2.7:9443/ --cacert root.pem --tls-resume 50%

  # the second of three parts of a run that begins at the moment in a file
  wsperf run ws://192.0.2.7:9000/ --rate 30000 --shard 1/3 --start-at @begin --out part1.json

  # what a browser would send
  wsperf run ws://192.0.2.7/ --origin https://example.org --subprotocol chat --header 'Cookie: id=7'`

func newRunCommand(u *ui.UI) *cobra.Command {
	o := job.Default()
	c := &cobra.Command{
		Use:     "run [URL] [options]",
		Short:   "run against a testee and print the report",
		Long:    runLong,
		Example: runExample,
		Args:    atMostOneURL,
	}
	c.DisableFlagsInUseLine = true
	c.Flags().SortFlags = false
	line := job.BindRun(c.Flags(), &o)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.URL = args[0]
		}
		if err := line.CheckRun(os.Getenv); err != nil {
			return asUsage(c, err)
		}
		return runJob(c, u, o)
	}
	return c
}

func atMostOneURL(c *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return usagef(c, "unexpected argument %q: run takes one URL, and options", job.Mask(args[1]))
	case len(args) == 1 && args[0] == "":
		return asUsage(c, errors.New("the URL is empty: must be ws://HOST:PORT/PATH, or left out for the built-in testee"))
	}
	return nil
}

// runJob is what run and the positional call do with their options.
func runJob(c *cobra.Command, u *ui.UI, o job.Options) error {
	o.Command = u.Args
	j, err := job.New(o)
	if err != nil {
		return asUsage(c, err)
	}
	return measure.RunAndPrint(c.Context(), u, j)
}
