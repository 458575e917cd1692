package main

import (
	"strconv"
	"strings"
)

// comparison runs clients in turn and compares figures of the last one with
// those of each of the others. The title is part of the benchmark names by which
// benchstat matches old results.
type comparison struct {
	title   string
	clients []client
	figures []figure
	goal    string // for the ratios
	divisor int    // of the handshakes per run, for a testee that delays them; 0: 1
	refused error  // why it cannot run on this machine; nil: it can
}

func (c comparison) handshakes(asked int) int { return max(1, asked/max(1, c.divisor)) }

// figure compares two runs of the same round.
type figure struct {
	name string
	of   func(last, other cost) float64
}

// ratioOf compares by the ratio of a number of both.
func ratioOf(name string, of func(cost) float64) figure {
	return figure{name, func(last, other cost) float64 { return of(last) / of(other) }}
}

func perSecond(c cost) float64 { return c.perSecond }

var (
	cpu  = ratioOf("CPU per handshake", cost.cpuUs)
	rate = ratioOf("handshakes/s", perSecond)

	lateMedian = ratioOf("lateness at the median", func(c cost) float64 { return c.late.medianUs })
	lateQ99    = ratioOf("lateness at q99", func(c cost) float64 { return c.late.q99Us })
)

// Numbers of connections in flight or open.
const (
	few   = 64
	many  = 500
	crowd = 18000 // fits a limit of 20000 descriptors (ulimit -n)
)

func (b *bench) comparisons() []comparison {
	all := []comparison{
		b.floors(few), b.floors(many), b.acrossNamespaces(many),
		{title: "more in flight: a testee that answers when that many wait", clients: []client{
			b.wsperf(strconv.Itoa(many)+" at once", b.holding(many, 1), many),
			b.wsperf(strconv.Itoa(crowd)+" at once", b.holding(crowd, 1), crowd),
		}, figures: []figure{cpu}, goal: "at most 1.3"},
		{title: "more open: a testee that closes when that many wait", clients: []client{
			b.wsperf(strconv.Itoa(many)+" at once", b.holding(1, many), many),
			b.wsperf(strconv.Itoa(crowd)+" at once", b.holding(1, crowd), many),
		}, figures: []figure{cpu}, goal: "at most 1.3"},
		{title: "low load: one at a time, a testee that answers after 10 ms", clients: []client{
			b.floor("floor", b.programs.floor, b.slow(10), 1),
			b.wsperf("wsperf", b.slow(10), 1),
		}, figures: []figure{cpu}, goal: "at most 2, process start included", divisor: 100},
		b.lateness(1000), b.lateness(5000), b.openLoop(),
		b.evidence(), b.everyTimestamp(), b.intervals(),
		{title: "two loops on two CPUs, one of which the testee shares", clients: []client{
			b.twoProcesses("2 processes", b.wsperf("", b.plain(), many/2)),
			b.wsperfOnBoth("2 loops", b.plain(), many),
		}, figures: []figure{cpu}, goal: "1: two loops cost no more than two processes"},
		b.defaults("one thread", b.free(1)), b.defaults("two threads", b.free(2)),
		{title: "the ancestor's libraries, WebSocket++ and Boost", clients: []client{
			b.floor("websocketpp", b.programs.websocketpp, b.plain(), few),
			b.wsperf("wsperf", b.plain(), few),
		}, figures: []figure{cpu}, goal: "at most 0.33"},
		{title: "the built-in testee, seen from the tuned floor", clients: []client{
			b.floor("C testee", b.programs.tuned, b.plain(), few),
			b.floor("built-in", b.programs.tuned, b.builtin(), few),
		}, figures: []figure{rate}, goal: "at least 0.8"},
	}
	all = append(all, b.secured()...)
	if b.ancestor != "" {
		all = append(all, b.ancestors("0", "250", "500"), b.ancestors("4", "1000", "2000"))
	}
	return all
}

// ancestors compares wsperf with the ancestor itself. Both get the same command
// line and print a record per connection. The ancestor's makefile runs it with 0
// threads and watermarks of 250 and 500.
func (b *bench) ancestors(threads, low, high string) comparison {
	of := func(name, path string) client {
		return client{name: name, cpus: []int{b.clientCPU}, testee: b.plain(), made: recorded, args: func(port string, handshakes int) []string {
			return []string{path, "ws://127.0.0.1:" + port + "/", threads, strconv.Itoa(handshakes), low, high}
		}}
	}
	return comparison{title: "the ancestor itself, " + threads + " threads, " + low + " to " + high + " in flight",
		clients: []client{of("ancestor", b.ancestor), of("wsperf", b.programs.wsperf)}, figures: []figure{cpu}, goal: "at most 0.33"}
}

// evidence compares the default with a run that measures neither lag nor the testee's cost.
func (b *bench) evidence() comparison {
	off := b.withOptions(b.wsperf("off", b.plain(), few), "--timestamps", "none", "--pid", "none")
	return comparison{title: "evidence: lag and the testee's cost", clients: []client{off, b.wsperf("default", b.plain(), few)},
		figures: []figure{cpu}, goal: "at most 1.01"}
}

func (b *bench) everyTimestamp() comparison {
	kernel := b.withOptions(b.wsperf("kernel", b.plain(), few), "--timestamps", "kernel")
	return comparison{title: "evidence: a timestamp of every response", clients: []client{b.wsperf("default", b.plain(), few), kernel},
		figures: []figure{cpu}, goal: "none, it is no default"}
}

func (b *bench) intervals() comparison {
	with := b.withOptions(b.wsperf("with", b.plain(), few), "--interval", "1s")
	return comparison{title: "intervals of a second", clients: []client{b.wsperf("without", b.plain(), few), with},
		figures: []figure{cpu}, goal: "at most 1.01"}
}

// floors compares wsperf with the C floor that makes the plain sequence of
// system calls, and with the one that makes wsperf's.
func (b *bench) floors(inFlight int) comparison {
	return comparison{title: strconv.Itoa(inFlight) + " in flight", clients: []client{
		b.floor("floor", b.programs.floor, b.plain(), inFlight),
		b.floor("tuned-floor", b.programs.tuned, b.plain(), inFlight),
		b.wsperf("wsperf", b.plain(), inFlight),
	}, figures: []figure{cpu}, goal: "at most 1.05 against both"}
}

// defaults compares the rate of the default number of loops with that of others, for a
// testee on this machine that may use every CPU too.
func (b *bench) defaults(threads string, t testeeSpec) comparison {
	c := comparison{title: "the default loops, a local testee of " + threads, figures: []figure{rate}, goal: "at least 0.97 of the best"}
	for _, loops := range []string{"0", "1", "2"} {
		c.clients = append(c.clients, b.withOptions(b.wsperfOnBoth("--loops "+loops, t, many), "--loops", loops))
	}
	c.clients = append(c.clients, b.wsperfOnBoth("default", t, many))
	return c
}

func (b *bench) withOptions(c client, options ...string) client {
	args := c.args
	c.args = func(port string, handshakes int) []string { return append(args(port, handshakes), options...) }
	return c
}

// client is a program that makes handshakes with a testee.
type client struct {
	name   string
	cpus   []int // that it may use
	testee testeeSpec
	args   func(port string, handshakes int) []string // its command line, program first
	made   func(output string) int                    // how many handshakes it made, of its standard output
	then   *client                                    // runs after it, and their costs are added; nil: none
}

func (b *bench) floor(name, path string, t testeeSpec, inFlight int) client {
	return client{name: name, cpus: []int{b.clientCPU}, testee: t, made: printed, args: func(port string, handshakes int) []string {
		return []string{path, port, strconv.Itoa(handshakes), strconv.Itoa(inFlight)}
	}}
}

// wsperf runs wsperf with equal watermarks: like the floor, it then starts a
// handshake whenever fewer than inFlight are in flight.
func (b *bench) wsperf(name string, t testeeSpec, inFlight int) client {
	return b.running(b.programs.wsperf, name, "ws", t, inFlight)
}

// running runs wsperf, the program at path, with a URL of that scheme.
func (b *bench) running(path, name, scheme string, t testeeSpec, inFlight int) client {
	return client{name: name, cpus: []int{b.clientCPU}, testee: t, made: reported, args: func(port string, handshakes int) []string {
		n := strconv.Itoa(inFlight)
		return []string{path, "run", scheme + "://127.0.0.1:" + port + "/", "--conns", strconv.Itoa(handshakes),
			"--low", n, "--high", n, "--quiet"}
	}}
}

func (b *bench) wsperfOnBoth(name string, t testeeSpec, inFlight int) client {
	return b.onBoth(b.wsperf(name, t, inFlight))
}

func (b *bench) onBoth(c client) client {
	c.cpus = []int{b.clientCPU, b.testeeCPU}
	return c
}

// twoProcesses runs a client as two processes that share nothing but the kernel. Each has
// its own CPU and makes half of the handshakes. The command fails if either process does:
// wait without an operand would return 0 whatever the first one did (POSIX.1-2024, wait).
func (b *bench) twoProcesses(name string, one client) client {
	run := func(port string, handshakes, cpu int) string {
		return strings.Join(one.args(port, handshakes), " ") + " --cpus " + strconv.Itoa(cpu)
	}
	two := b.onBoth(one)
	two.name = name
	two.args = func(port string, handshakes int) []string {
		half := handshakes / 2
		first, second := run(port, half, b.clientCPU), run(port, handshakes-half, b.testeeCPU)
		return []string{"sh", "-c", first + " & first=$!; " + second + "; ended=$?; wait $first && exit $ended"}
	}
	return two
}
