package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/engine"
	"wsperf/handshake"
	"wsperf/stats"
)

// The defaults of a run.
const (
	defaultConns          = 200000
	defaultLow            = 250
	defaultHigh           = 500
	defaultConnectTimeout = 10 * time.Second
	defaultOpenTimeout    = 10 * time.Second
	defaultCloseTimeout   = 5 * time.Second
	defaultCloseCode      = 1000 // normal closure, RFC 6455 section 7.4.1
	defaultSamples        = 3    // one may be odd, two may be chance
)

const runLong = `Run opens connections to the testee at URL, performs the opening and the closing
handshake on each, and prints the report. Without URL it starts the built-in testee
in a process of its own on the other CPUs, and runs against that.

The first interrupt (Ctrl-C) closes open connections and reports what was measured;
a second one stops at once.`

const runExample = `  # 200000 handshakes against the built-in testee
  wsperf run

  # 30 seconds on CPUs 1 and 3, with up to 2000 opening handshakes in flight
  wsperf run ws://192.0.2.7:9000/chat --duration 30s --cpus 1,3 --low 1000 --high 2000

  # 100000 connections in flight, more than one address of this machine has ports for
  wsperf run ws://127.0.0.1:9000/ --source 127.0.0.2-127.0.0.9 --low 90000 --high 100000

  # keep the result, with a record per connection
  wsperf run ws://192.0.2.7:9000/ --conns 50000 --out result.json --log

  # what a browser would send
  wsperf run ws://192.0.2.7/ --origin https://example.org --subprotocol chat --header 'Cookie: id=7'`

// runOptions is the command line of a run, not checked yet.
type runOptions struct {
	url                                       string
	loops                                     int
	cpus, source                              string
	conns                                     int64
	duration                                  time.Duration
	low, high                                 int
	connectTimeout, openTimeout, closeTimeout time.Duration
	closeCode                                 int
	headers, subprotocols                     []string
	origin                                    string
	out                                       string
	samples                                   int
	log, json, quiet                          bool
	awaitStart                                bool // be a worker of a driver
}

func defaultOptions() runOptions {
	return runOptions{
		loops: defaultLoops, conns: defaultConns, low: defaultLow, high: defaultHigh,
		connectTimeout: defaultConnectTimeout, openTimeout: defaultOpenTimeout, closeTimeout: defaultCloseTimeout,
		closeCode: defaultCloseCode, samples: defaultSamples,
	}
}

func newRunCommand(u *ui) *cobra.Command {
	o := defaultOptions()
	c := &cobra.Command{
		Use:     "run [URL] [options]",
		Short:   "run against a testee and print the report",
		Long:    runLong,
		Example: runExample,
		Args:    atMostOneURL,
	}
	c.DisableFlagsInUseLine = true
	o.bind(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.url = args[0]
		}
		if err := o.checkGiven(c.Flags().Changed, len(args) == 1); err != nil {
			return asUsage(c, err)
		}
		j, err := newJob(&o)
		if err != nil {
			return asUsage(c, err)
		}
		return j.run(c.Context(), u)
	}
	return c
}

func atMostOneURL(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(c, "unexpected argument %q: run takes one URL, and options", args[1])
	}
	return nil
}

func (o *runOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	o.bindLoad(f)
	o.bindHandshake(f)
	o.bindOutput(f)
	o.bindDriven(f)
}

func (o *runOptions) bindLoad(f *pflag.FlagSet) {
	f.Int64Var(&o.conns, "conns", o.conns, "start `N` connections")
	f.DurationVar(&o.duration, "duration", 0, "start connections for this `TIME` instead of a number of them, such as 30s (default none)")
	f.IntVar(&o.low, "low", o.low, "start handshakes again below `N` opening handshakes in flight")
	f.IntVar(&o.high, "high", o.high, "start no more handshakes at `N` opening handshakes in flight")
	f.IntVar(&o.loops, "loops", o.loops, fmt.Sprintf("run `N` event loops, 1 to %d, each pinned to a CPU; 0: one loop, not pinned\n"+
		"(default one per allowed CPU; half of the CPUs for the built-in testee)", engine.MaxLoops))
	f.StringVar(&o.cpus, "cpus", "", "pin the loops to the CPUs of `LIST`, such as 1,3 or 0-3,6 (default the first allowed ones)")
	bindSource(f, &o.source)
	f.Lookup("loops").DefValue = "0" // the text above says it better; the flag library leaves out a zero
}

func (o *runOptions) bindHandshake(f *pflag.FlagSet) {
	f.DurationVar(&o.connectTimeout, "connect-timeout", o.connectTimeout, "fail a connection that is not established in this `TIME`")
	f.DurationVar(&o.openTimeout, "open-timeout", o.openTimeout, "fail an opening handshake that is not complete in this `TIME`")
	f.DurationVar(&o.closeTimeout, "close-timeout", o.closeTimeout, "fail a closing handshake that is not complete in this `TIME`")
	f.IntVar(&o.closeCode, "close-code", o.closeCode, "close with this status `CODE`: 1000-1003, 1007-1011 or 3000-4999")
	f.StringArrayVar(&o.headers, "header", nil, "send this header, written `'Name: value'`; can be repeated (default none)")
	f.StringArrayVar(&o.subprotocols, "subprotocol", nil, "offer the subprotocol `NAME`; can be repeated (default none)")
	f.StringVar(&o.origin, "origin", "", "send `ORIGIN` in the Origin header (default none)")
}

func (o *runOptions) bindOutput(f *pflag.FlagSet) {
	f.StringVar(&o.out, "out", "", "write the result as JSON to `FILE` (default none)")
	f.BoolVar(&o.log, "log", false, "add a record per connection to the JSON result (default off)")
	bindSamples(f, &o.samples)
	f.BoolVar(&o.json, "json", false, "print the JSON result instead of the report (default off)")
	f.BoolVar(&o.quiet, "quiet", false, "show no progress (default off)")
}

// checkGiven refuses combinations of options. given tells whether an option is on the command line.
func (o *runOptions) checkGiven(given func(string) bool, withURL bool) error {
	switch {
	case withURL && o.url == "":
		return fmt.Errorf("the URL is empty: must be ws://HOST:PORT/PATH, or left out for the built-in testee")
	case given("duration") && given("conns"):
		return fmt.Errorf("--duration and --conns cannot be given together: a run ends by one of them")
	case given("duration") && o.duration <= 0:
		return fmt.Errorf("--duration %v: must be above 0", o.duration)
	case o.log && o.out == "" && !o.json:
		return fmt.Errorf("--log needs a place for its records: give --out FILE or --json too")
	case given("out") && o.out == "":
		return fmt.Errorf("--out: the name is empty: must be a file that can be written")
	case given("loops") && (o.loops < 0 || o.loops > engine.MaxLoops):
		return fmt.Errorf("--loops %d: must be 0 to %d", o.loops, engine.MaxLoops)
	case given("cpus") && o.cpus == "":
		return fmt.Errorf("--cpus: the list is empty: must be a list such as 1,3 or 0-3,6")
	}
	return o.checkNumbers(given)
}

// bindSource and bindSamples are for the options that a run and a driver share.
func bindSource(f *pflag.FlagSet, to *string) {
	f.StringVar(to, flagSource, "", "connect from the local addresses of `LIST` in turn, such as 127.0.0.2-127.0.0.20 (default the kernel chooses)")
}

func bindSamples(f *pflag.FlagSet, to *int) {
	f.IntVar(to, "samples", *to, fmt.Sprintf("show what the testee said on the first `N` failed connections of each cause, 0 to %d", stats.MaxSamples))
}

func checkSamples(n int) error {
	if n < 0 || n > stats.MaxSamples {
		return fmt.Errorf("--samples %d: must be 0 to %d", n, stats.MaxSamples)
	}
	return nil
}

func (o *runOptions) checkNumbers(given func(string) bool) error {
	switch {
	case o.conns < 1:
		return fmt.Errorf("--conns %d: must be 1 or more", o.conns)
	case o.closeCode < 0 || o.closeCode > 0xffff:
		return fmt.Errorf("--close-code %d: must be 1000-1003, 1007-1011 or 3000-4999", o.closeCode)
	}
	if err := cmp.Or(checkSamples(o.samples), checkSource(given, o.source)); err != nil {
		return err
	}
	return watermarks{"low", o.low, "high", o.high}.check(given)
}

// watermarks are two options under the names that they have on a command line.
type watermarks struct {
	lowName  string
	low      int
	highName string
	high     int
}

// check names a default that is in the way: the user has not seen it.
func (w watermarks) check(given func(string) bool) error {
	switch {
	case w.low < 1:
		return fmt.Errorf("--%s %d: must be 1 or more", w.lowName, w.low)
	case w.low <= w.high:
		return nil
	case !given(w.highName):
		return fmt.Errorf("--%s %d is above the default of --%s, %d: give --%s too", w.lowName, w.low, w.highName, w.high, w.highName)
	case !given(w.lowName):
		return fmt.Errorf("--%s %d is below the default of --%s, %d: give --%s too", w.highName, w.high, w.lowName, w.low, w.lowName)
	}
	return fmt.Errorf("--%s %d is above --%s %d: must be at most that", w.lowName, w.low, w.highName, w.high)
}

// parseHeaders reads lines of the form "Name: value". The handshake package judges the characters.
func parseHeaders(lines []string) ([]handshake.Header, error) {
	headers := make([]handshake.Header, 0, len(lines))
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("--header %q has no colon: must have the form 'Name: value'", line)
		}
		// Spaces and tabs around a value are not part of it (RFC 7230 section 3.2.4).
		headers = append(headers, handshake.Header{Name: name, Value: strings.Trim(value, " \t")})
	}
	return headers, nil
}
