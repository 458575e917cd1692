package main

import (
	"github.com/spf13/cobra"

	"wsperf/cmd/internal/calibrate"
	"wsperf/cmd/internal/ui"
)

const calibrateLong = `Calibrate measures how many handshakes a second this machine can do with the built-in
testee, and keeps that in a file in the user's cache folder ($XDG_CACHE_HOME/wsperf or
~/.cache/wsperf). Reports of later runs with the same loops, CPUs and watermarks then say
what share of it they did, and warn above 85 %: wsperf itself may be the bottleneck then.
A run with an open loop is compared with the highest of the same loops and CPUs, and the
workers of wsperf drive with that of all their loops, CPUs and watermarks together.

Without --loops and --cpus there are three calibrations, for the placements that wsperf
run chooses itself: against the built-in testee, against a testee on this machine, and
against one elsewhere. In the last two the built-in testee may use all CPUs, as the loops
do. With a testee on another machine, wsperf can do more than that.

Each is the median of three runs with a closed loop; all take half a minute. A calibration
is not used with another kernel, CPU, setting of the CPUs or version of wsperf, and the
report says so.

With --tls it measures wss:// instead, full and resumed handshakes apart, with TLS 1.3,
X25519 and the built-in testee's certificate (ECDSA, P-256), which is verified. Runs are
compared with a calibration of the same version, group and share of resumed handshakes, or
the report says what to calibrate. wsperf run chooses two placements for wss://; all take
45 seconds.

The first interrupt (Ctrl-C) ends the calibration, and nothing is kept.`

const calibrateExample = `  # what wsperf run can do
  wsperf calibrate

  # for runs with --cpus 1,3 --low 1000 --high 2000
  wsperf calibrate --cpus 1,3 --low 1000 --high 2000

  # for runs over wss://, half of whose handshakes resume a session
  wsperf calibrate --tls --tls-resume 50%`

func newCalibrateCommand(u *ui.UI) *cobra.Command {
	o := calibrate.Default()
	c := &cobra.Command{
		Use:     "calibrate [options]",
		Short:   "measure what this machine can do",
		Long:    calibrateLong,
		Example: calibrateExample,
		Args:    exactArgs(0, "calibrate takes options only"),
	}
	c.DisableFlagsInUseLine = true
	line := o.Bind(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := line.Check(); err != nil {
			return asUsage(c, err)
		}
		calibration, err := calibrate.New(o)
		if err != nil {
			return asUsage(c, err)
		}
		return calibration.Do(c.Context(), u)
	}
	return c
}
