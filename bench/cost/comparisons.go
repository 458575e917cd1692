package main

import (
	"strconv"
	"strings"
)

// comparison is some clients that are run in turn, and what of the last one is
// held against each of the others.
type comparison struct {
	title   string
	clients []client
	figure  figure
	goal    string // what the ratio should be
	rarer   int    // 0 or how many times fewer handshakes a run has, where a testee lets them wait
}

func (c comparison) handshakes(asked int) int { return max(1, asked/max(1, c.rarer)) }

// figure is one number of a run.
type figure struct {
	name string
	of   func(cost) float64
}

var (
	cpu  = figure{"CPU per handshake", cost.cpuUs}
	rate = figure{"handshakes/s", func(c cost) float64 { return c.perSecond }}
)

// The numbers of connections that are compared.
const (
	few   = 64
	many  = 500
	crowd = 18000 // the descriptor limit of a process is 20000 on some machines
)

// comparisons is the table of what is measured.
func (b *bench) comparisons() []comparison {
	all := []comparison{
		b.floors(few), b.floors(many),
		{title: "more in flight: a testee that answers when that many wait", clients: []client{
			b.wsperf(strconv.Itoa(many)+" at once", b.holding(many, 1), many),
			b.wsperf(strconv.Itoa(crowd)+" at once", b.holding(crowd, 1), crowd),
		}, figure: cpu, goal: "at most 1.3"},
		{title: "more open: a testee that closes when that many wait", clients: []client{
			b.wsperf(strconv.Itoa(many)+" at once", b.holding(1, many), many),
			b.wsperf(strconv.Itoa(crowd)+" at once", b.holding(1, crowd), many),
		}, figure: cpu, goal: "at most 1.3"},
		{title: "low load: one at a time, a testee that answers after 10 ms", clients: []client{
			b.floor("floor", b.programs.floor, b.slow(10), 1),
			b.wsperf("wsperf", b.slow(10), 1),
		}, figure: cpu, goal: "at most 2, its start included", rarer: 100},
		{title: "two loops on two CPUs, one of which the testee shares", clients: []client{
			b.twoProcesses("2 processes", b.plain(), many),
			b.wsperfOnBoth("2 loops", b.plain(), many),
		}, figure: cpu, goal: "1: loops cost each other no more than processes do"},
		{title: "the ancestor's libraries, WebSocket++ and Boost", clients: []client{
			b.floor("websocketpp", b.programs.websocketpp, b.plain(), few),
			b.wsperf("wsperf", b.plain(), few),
		}, figure: cpu, goal: "at most 0.33"},
		{title: "the built-in testee, seen from the tuned floor", clients: []client{
			b.floor("C testee", b.programs.tuned, b.plain(), few),
			b.floor("built-in", b.programs.tuned, b.builtin(), few),
		}, figure: rate, goal: "at least 0.8"},
	}
	if b.ancestor != "" {
		all = append(all, b.ancestors("0", "250", "500"), b.ancestors("4", "1000", "2000"))
	}
	return all
}

// ancestors holds wsperf against the ancestor itself, both with one and the same
// call: threads, low and high watermark. Both print a record per connection.
// Without threads and from 250 to 500 is how its own makefile runs it.
func (b *bench) ancestors(threads, low, high string) comparison {
	of := func(name, path string) client {
		return client{name, []int{b.clientCPU}, b.plain(), func(port string, handshakes int) []string {
			return []string{path, "ws://127.0.0.1:" + port + "/", threads, strconv.Itoa(handshakes), low, high}
		}}
	}
	return comparison{title: "the ancestor itself, " + threads + " threads, " + low + " to " + high + " in flight",
		clients: []client{of("ancestor", b.ancestor), of("wsperf", b.programs.wsperf)}, figure: cpu, goal: "at most 0.33"}
}

// floors holds wsperf against the C floor with the plain sequence of system
// calls, and with wsperf's own.
func (b *bench) floors(inFlight int) comparison {
	return comparison{title: strconv.Itoa(inFlight) + " in flight", clients: []client{
		b.floor("floor", b.programs.floor, b.plain(), inFlight),
		b.floor("tuned-floor", b.programs.tuned, b.plain(), inFlight),
		b.wsperf("wsperf", b.plain(), inFlight),
	}, figure: cpu, goal: "at most 1.05 of both"}
}

// client is a program that makes handshakes, with the CPUs that it may use.
type client struct {
	name   string
	cpus   []int
	testee testeeSpec
	args   func(port string, handshakes int) []string
}

func (b *bench) floor(name, path string, t testeeSpec, inFlight int) client {
	return client{name, []int{b.clientCPU}, t, func(port string, handshakes int) []string {
		return []string{path, port, strconv.Itoa(handshakes), strconv.Itoa(inFlight)}
	}}
}

// wsperf measures and validates everything, as always. Low and high are the
// same, so that it starts as the floor does.
func (b *bench) wsperf(name string, t testeeSpec, inFlight int) client {
	return client{name, []int{b.clientCPU}, t, func(port string, handshakes int) []string {
		n := strconv.Itoa(inFlight)
		return []string{b.programs.wsperf, "run", "ws://127.0.0.1:" + port + "/", "--conns", strconv.Itoa(handshakes),
			"--low", n, "--high", n, "--quiet"}
	}}
}

func (b *bench) wsperfOnBoth(name string, t testeeSpec, inFlight int) client {
	c := b.wsperf(name, t, inFlight)
	c.cpus = []int{b.clientCPU, b.testeeCPU}
	return c
}

// twoProcesses shares nothing but the kernel: each does half of the work.
func (b *bench) twoProcesses(name string, t testeeSpec, inFlight int) client {
	one := b.wsperf(name, t, inFlight/2)
	return client{name, []int{b.clientCPU, b.testeeCPU}, t, func(port string, handshakes int) []string {
		run := strings.Join(one.args(port, handshakes/2), " ") + " --cpus "
		return []string{"sh", "-c", run + strconv.Itoa(b.clientCPU) + " & " + run + strconv.Itoa(b.testeeCPU) + " && wait"}
	}}
}
