package job

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gobwas/ws"
	"github.com/spf13/pflag"

	"wsperf/engine"
	"wsperf/handshake"
	"wsperf/stats"
)

// verb is a command that has options of the table.
type verb uint8

const (
	run verb = iota
	drive
	search
	calibrate
	compare
	numVerbs
)

// option is a row of the table: the only place that gives an option its names,
// its description and its bounds.
type option struct {
	flags flags
	value value // its place in the options; Set checks
}

// flags has the flag of an option for each verb that has the option.
type flags [numVerbs]flag

// flag is what a verb calls an option and how its help describes it: the value
// stands in backquotes. A verb does not have a flag without a name.
type flag struct{ name, usage string }

// value is the place of an option in the options.
type value = func(*Options) pflag.Value

// same is an option that is the same for all verbs that make a run.
func same(name, usage string, v value) option {
	f := flag{name, usage}
	return option{flags{run: f, drive: f, search: f, compare: f}, v}
}

// ofOneTestee is an option that is the same for all verbs whose runs have one testee.
func ofOneTestee(name, usage string, v value) option {
	o := same(name, usage, v)
	o.flags[compare] = flag{}
	return o
}

// ofLoads is an option of run that the loads of compare have as well.
func ofLoads(o option) option {
	o.flags[compare] = o.flags[run]
	return o
}

// ofRuns is an option that is the same for run and for drive, and that search has not: it
// decides on the load itself.
func ofRuns(name, usage string, v value) option {
	f := flag{name, usage}
	return option{flags{run: f, drive: f}, v}
}

// each is an option whose value drive gives to each of its workers, and that search has
// not. Where the ancestor's driver has a name for it, so has drive.
func each(name, driveName, usage string, v value) option {
	return option{flags{run: {name, usage}, drive: {driveName, usage + " in each worker"}}, v}
}

// shape is an option of run that gives the load its shape, which calibrate has as well.
func shape(o option) option {
	o.flags[calibrate] = o.flags[run]
	return o
}

// table returns all options, in the order of the help.
func table() []option {
	return slices.Concat(loadOptions(), handshakeOptions(), tlsOptions(), outputOptions(), partOptions())
}

// An open loop has these options in place of the watermarks.
// maxWarmup keeps the time of a run within the range of time.Duration.
const maxWarmup = 1000 * time.Hour

const (
	rateUsage = "start this number a second, whatever the testee does: an open loop, without watermarks; " +
		"`RATE` is such as 5000, 12k or 300/m (without a number of connections or a duration, for 10s)"
	stagesUsage = "start at the rates of `LIST` one after the other, each for its time; a rate can rise or fall in a line, " +
		"such as 1000:10s,1000..5000:30s"
)

const (
	loopsUsage = "run `N` event loops, 1 to %d, each pinned to a CPU; 0: one loop, not pinned\n" +
		"(default one per allowed CPU; beside a testee on this machine they are not pinned)"
	driveLoopsUsage = "run `N` event loops in each worker, each pinned to a CPU; 0: one loop (default 0)"
	cpusUsage       = "pin the loops to the CPUs of `LIST`, such as 1,3 or 0-3,6 (default the first allowed ones)"
	driveCPUsUsage  = "deal the CPUs of `LIST`, such as 1,3 or 0-3,6, to the loops of the workers\n" +
		"(default the allowed ones; beside a testee on this machine, a single loop in each is not pinned)"
)

func loadOptions() []option {
	loops := flag{"loops", fmt.Sprintf(loopsUsage, engine.MaxLoops)}
	cpus := flag{"cpus", cpusUsage}
	all := []option{
		{flags{drive: {"wsuri", "run against the testee at `URL`"}},
			func(o *Options) pflag.Value { return text{&o.URL, "the URL is empty: must be ws://HOST:PORT/PATH"} }},
		each("conns", "conns", "start `N` connections",
			func(o *Options) pflag.Value { return Number[int64]{&o.Connections, 1, math.MaxInt64} }),
		ofRuns("duration", "start connections for this `TIME` instead of a number of them, such as 30s (default none)",
			func(o *Options) pflag.Value { return span{&o.DurationUs, 0} }),
		{warmup("warmup", "start connections for this `TIME`"),
			func(o *Options) pflag.Value { return span{&o.WarmupUs, maxWarmup} }},
		{warmup("warmup-conns", "start `N` connections"),
			func(o *Options) pflag.Value { return Number[int64]{&o.WarmupConnections, 1, math.MaxInt64} }},
		shape(each("low", "lowmark", "start handshakes again below `N` opening handshakes in flight",
			func(o *Options) pflag.Value { return Number[int]{&o.Low, 1, math.MaxInt} })),
		shape(each("high", "highmark", "start no more handshakes at `N` opening handshakes in flight",
			func(o *Options) pflag.Value { return Number[int]{&o.High, 1, math.MaxInt} })),
		{flags{run: {"rate", rateUsage}, drive: {"rate", rateUsage + ", in each worker"}},
			func(o *Options) pflag.Value { return Rate{&o.Rate, 0} }},
		{flags{run: {"stages", stagesUsage}, drive: {"stages", stagesUsage + ", in each worker"}},
			func(o *Options) pflag.Value { return list[stats.Stage]{&o.Stages, parseStages, wantStages} }},
		{openLoop("arrivals", "spread the starts%s like `KIND`: even, or poisson, at random as those of many users (default even)"),
			func(o *Options) pflag.Value { return arrivals{&o.Arrivals} }},
		shape(option{flags{run: loops, drive: {"threads", driveLoopsUsage}, search: loops},
			func(o *Options) pflag.Value { return Number[int]{&o.Loops, 0, engine.MaxLoops} }}),
		shape(option{flags{run: cpus, drive: {"cpus", driveCPUsUsage}, search: cpus},
			func(o *Options) pflag.Value { return list[int]{&o.CPUs, ParseCPUs, wantCPUs} }}),
		same("source", "connect from the local addresses of `LIST` in turn, such as 127.0.0.2-127.0.0.20 (default the kernel chooses)",
			func(o *Options) pflag.Value { return list[string]{&o.Sources, sourceTexts, wantSources} }),
	}
	for i := range all {
		all[i] = ofLoads(all[i])
	}
	return all
}

// intervals is the option of the length of intervals, which each run of a comparison has.
func intervals() flags {
	const usage = "add what happened in each interval of this `TIME` to the JSON result, such as 1s"
	none := flag{"interval", usage + " (default none)"}
	return flags{run: none, drive: none, compare: {"interval", usage}}
}

// warmup is an option of the warm-up, which each step of a search has.
func warmup(name, usage string) flags {
	const leftOut = " and leave them out of the result (default none)"
	return flags{
		run: {name, "before that, " + usage + leftOut}, drive: {name, "before that, " + usage + " in each worker" + leftOut},
		search: {name, "before each step, " + usage + leftOut},
	}
}

// openLoop is an option of an open loop, which run and drive need to be told of.
func openLoop(name, usage string) flags {
	ofRun := flag{name, fmt.Sprintf(usage, " of an open loop")}
	return flags{run: ofRun, drive: ofRun, search: {name, fmt.Sprintf(usage, "")}}
}

func handshakeOptions() []option {
	return []option{
		same("connect-timeout", "fail a connection that is not established in this `TIME`",
			func(o *Options) pflag.Value { return span{&o.ConnectTimeoutUs, engine.MaxTimeout} }),
		same("open-timeout", "fail an opening handshake that is not complete in this `TIME`",
			func(o *Options) pflag.Value { return span{&o.OpenTimeoutUs, engine.MaxTimeout} }),
		same("close-timeout", "fail a closing handshake that is not complete in this `TIME`",
			func(o *Options) pflag.Value { return span{&o.CloseTimeoutUs, engine.MaxTimeout} }),
		same("close-code", "close with this status `CODE`: "+closeCodes,
			func(o *Options) pflag.Value { return closeCode{&o.CloseCode} }),
		same("header", "send this header, written `'Name: value'`; can be repeated (default none)",
			func(o *Options) pflag.Value { return texts{&o.Headers, checkHeaderLine} }),
		same("subprotocol", "offer the subprotocol `NAME`; can be repeated (default none)",
			func(o *Options) pflag.Value { return texts{&o.Subprotocols, anyText} }),
		same("origin", "send `ORIGIN` in the Origin header (default none)",
			func(o *Options) pflag.Value { return text{&o.Origin, ""} }),
	}
}

func outputOptions() []option {
	return []option{
		{flags{
			run:    {"out", "write the result as JSON to `FILE`, with the number of the part for {shard}; -: as one line to standard output, and the report to standard error (default none)"},
			drive:  {"resultfile", "write the result of each worker to `FILE`; %d is its number, from 0"},
			search: {"out", "write all steps and the answer as JSON to `FILE`; -: to standard output, and the lines to standard error (default none)"},
		}, func(o *Options) pflag.Value {
			return text{&o.Out, "the name is empty: must be a file that can be written"}
		}},
		ofRuns("html", HTMLUsage, func(o *Options) pflag.Value { return HTML(&o.HTML) }),
		{flags{
			run:   {"log", "add a record per connection to the JSON result (default off)"},
			drive: {"log", "add a record per connection to the result files; --log=false: none"},
		}, func(o *Options) pflag.Value { return toggle{&o.Log} }},
		same("timestamps", "ask the kernel when responses came, for phase lag: of `KIND` sampled, 1 in 61; kernel, all, and phases open and ready end\nwhen the response has come to this machine; or none (default sampled)",
			func(o *Options) pflag.Value { return timestamps{&o.Timestamps} }),
		ofOneTestee("pid", pidUsage, func(o *Options) pflag.Value { return processes{&o.Processes} }),
		ofOneTestee("cgroup", cgroupUsage, func(o *Options) pflag.Value {
			return text{&o.Processes.Cgroup, "the name is empty: must be the directory of a cgroup"}
		}),
		{intervals(), func(o *Options) pflag.Value { return Time{&o.IntervalUs, stats.MinInterval, stats.MaxInterval} }},
		{flags{run: {"live", "print a line on standard error at the end of each interval, which is 1s unless --interval is given (default off)"}},
			func(o *Options) pflag.Value { return toggle{&o.Live} }},
		same("samples", fmt.Sprintf("show what the testee said on the first `N` failed connections of each cause, 0 to %d", stats.MaxSamples),
			func(o *Options) pflag.Value { return Number[int]{&o.Samples, 0, stats.MaxSamples} }),
		{flags{
			run: {"require", RequireUsage}, drive: {"require", RequireUsage},
			search: {"require", "search for the highest rate that meets `EXPR`, such as 'ready.q99 < 10ms'; can be repeated, and then all must be met"},
		}, func(o *Options) pflag.Value { return Requirements{&o.Requirements} }},
		{flags{
			run:    {"json", "print the JSON result instead of the report: --format json (default off)"},
			drive:  {"json", "print the merged result as JSON instead of the report: --format json (default off)"},
			search: {"json", "print all steps and the answer as JSON; the lines go to standard error (default off)"},

			calibrate: {"json", "print what is kept as JSON (default off)"},
		}, func(o *Options) pflag.Value { return toggle{&o.JSON} }},
		ofRuns("format", FormatUsage, func(o *Options) pflag.Value { return Format{&o.Format} }),
		{flags{run: {"perf-control", perfControlUsage}},
			func(o *Options) pflag.Value { return perfControl{&o.PerfControl} }},
		same("keep-secrets", "show tokens, passwords and cookies instead of *** in results and reports (default off)",
			func(o *Options) pflag.Value { return toggle{&o.KeepSecrets} }),
		{flags{
			run: {"quiet", "show no progress; with --out -, no report either (default off)"}, drive: {"quiet", quietUsage},
			search: {"quiet", "show no progress; with --json, no lines either (default off)"},

			calibrate: {"quiet", quietUsage},
		}, func(o *Options) pflag.Value { return toggle{&o.Quiet} }},
	}
}

// HTMLUsage describes --html.
const HTMLUsage = "write a page with plots to `FILE`, for a browser: one file that loads nothing (default none)"

// HTML returns the value of --html.
func HTML(to *string) pflag.Value {
	return pageName{text{to, "the name is empty: must be a file that can be written"}}
}

const perfControlUsage = "let perf record profile the measured window only: `CTL` or CTL,ACK are the FIFOs of its --control fifo:CTL[,ACK] (default none)"

const (
	pidUsage = "measure what the processes of `LIST`, such as 123,456, cost as the testee's; none: measure no such cost\n" +
		"(default those on this machine that listen at its address)"
	cgroupUsage = "measure what all in the cgroup of directory `PATH` cost as the testee's (default none)"
)

const quietUsage = "show no progress (default off)"

// closeCodes are the status codes that a client may send (RFC 6455 section 7.4).
const closeCodes = "1000-1003, 1007-1011 or 3000-4999"

func validCloseCode(n int) bool {
	return n >= 0 && n <= math.MaxUint16 && handshake.CheckCloseCode(ws.StatusCode(n)) == nil
}
