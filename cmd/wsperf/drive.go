package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/drive"
	"wsperf/cmd/internal/ui"
)

const driveLong = `Drive starts several worker processes, lets them begin together, and prints one
report over all of their results. It has all options of run, and those of the driver
of wsperf's ancestor under the ancestor's names and with its defaults.

Each worker is a run of its own, with loops that are pinned to CPUs of their own, and
writes a result file. A worker that fails is reported, and its connections are counted
as not run; the others are reported as usual.

If the host of URL is a name with several addresses, all workers connect to the first
address that accepts a connection. To find it, drive connects to the addresses before it
starts the workers and closes without sending anything.

Drive warns once, before the workers begin, of limits that they share and exceed
together: local ports, the testee's listen backlog, memory.

The first interrupt (Ctrl-C) lets the workers close their open connections and
reports what was measured; a second one stops all of them at once. Before the workers
begin, the first one already does.` + formatLong + requireLong + `

The requirements are for all workers together.`

const driveExample = `  # 4 workers with 50000 connections each, against port 9000 of this machine
  wsperf drive

  # 2 workers with 2 loops each
  wsperf drive --wsuri ws://192.0.2.7:9000/chat --workers 2 --threads 2 --conns 100000

  # 30 seconds on CPUs 0 to 3, with a header, and without a record per connection
  wsperf drive --duration 30s --cpus 0-3 --header 'Cookie: id=7' --log=false

  # the report of the files that an earlier call has left
  wsperf drive --workers 4 --skiprun`

func newDriveCommand(u *ui.UI) *cobra.Command {
	o := drive.Default()
	c := &cobra.Command{
		Use:     "drive [options]",
		Short:   "run in several worker processes and print one report",
		Long:    driveLong,
		Example: driveExample,
		Args:    exactArgs(0, "drive takes options only, such as --wsuri "+drive.DefaultURL),
	}
	c.DisableFlagsInUseLine = true
	line := o.Bind(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := line.Check(); err != nil {
			return asUsage(c, err)
		}
		o.Command = u.Args
		d, err := drive.New(o)
		if err != nil {
			return asUsage(c, err)
		}
		return d.Do(c.Context(), u)
	}
	return c
}
