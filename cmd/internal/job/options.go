// Package job is what a run is to do, as data: read from a command line or from
// another process, and checked once.
package job

import (
	"time"

	"github.com/gobwas/ws"

	"wsperf/engine"
	"wsperf/stats"
	"wsperf/stats/require"
)

// Version is that of the program (semver.org).
const Version = "0.1.0"

// StandardOutput is the name of standard output in place of that of a result file.
const StandardOutput = "-"

// Options is what a run is to do, and where its result goes. run, drive and the
// positional call fill in one each; drive sends one to each of its workers.
//
// The embedded Setup is the part that the result repeats. Here it is what was
// asked for: Loops can be LoopPerCPU, the loops take CPUs round robin, Headers have
// the form "Name: value" with nothing masked, an empty URL stands for the built-in
// testee, and with 0 Connections DurationUs ends the run. Address is that which a driver has found
// for its workers. Fields that only the run can fill in are empty.
type Options struct {
	stats.Setup
	Out   string `json:"out"`   // result file, or StandardOutput; empty: none
	HTML  string `json:"-"`     // page of the result; empty: none
	JSON  bool   `json:"json"`  // as Format json; both are wrong if they differ
	Quiet bool   `json:"quiet"` // show no progress
	Live  bool   `json:"live"`  // show the intervals as they end

	Processes engine.TesteeProcesses `json:"testee_processes"` // whose cost is measured

	PerfControl string `json:"perf_control"` // FIFOs of perf record --control, CTL or CTL,ACK; empty: none

	Format string `json:"format"` // of the result on standard output (package report); empty: not given

	Part Part `json:"-"` // of a run in several processes, which drive has no use for

	// Command is the arguments that the user gave to the program, for the provenance.
	Command []string `json:"command,omitempty"`

	KeepSecrets bool `json:"keep_secrets"` // mask no credentials in the result

	// Requirements are compared with the whole result, so drive does not send them to its
	// workers.
	Requirements []require.Requirement `json:"-"`
}

const defaultSecureTimeout = 10 * time.Second

// Default returns the options of a run that is given none.
func Default() Options {
	return Options{Setup: stats.Setup{
		Loops: LoopPerCPU, Connections: 200000, Low: 250, High: 500,
		ConnectTimeoutUs: (10 * time.Second).Microseconds(),
		SecureTimeoutUs:  defaultSecureTimeout.Microseconds(),
		OpenTimeoutUs:    (10 * time.Second).Microseconds(),
		CloseTimeoutUs:   (5 * time.Second).Microseconds(),
		CloseCode:        int(ws.StatusNormalClosure),
		Samples:          3, // one may be odd, two may be chance
	}, Part: Part{Start: Start{TimeoutUs: defaultStartTimeout.Microseconds(), MaxLateUs: defaultMaxLate.Microseconds()}}}
}

// Duration returns how long connections are started; 0: until there are Connections.
func (o *Options) Duration() time.Duration { return microseconds(o.DurationUs) }

// Starting returns for how long connections are started, those of a warm-up included as far
// as its length is known; 0 as Duration.
func (o *Options) Starting() time.Duration {
	if o.DurationUs == 0 {
		return 0
	}
	return microseconds(o.DurationUs + o.WarmupUs)
}
