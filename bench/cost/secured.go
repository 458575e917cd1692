package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Divisors of the handshakes per run. A full TLS handshake costs wsperf as much as five of WebSocket, and OpenSSL as much as
// twelve. Start and report of wsperf take 20 ms or more: where
// the clients do not have the same, there are more.
const (
	fullDivisor    = 20
	floorsDivisor  = 12
	resumedDivisor = 8
)

// secured are the comparisons of wss://.
func (b *bench) secured() []comparison {
	return []comparison{
		b.tlsFloors(tlsKind{"TLS 1.3, full", false, false}, "0.50"),
		b.tlsFloors(tlsKind{"TLS 1.3, resumed", false, true}, "0.90"),
		b.tlsFloors(tlsKind{"TLS 1.2, full", true, false}, "0.50"),
		b.tlsFloors(tlsKind{"TLS 1.2, resumed", true, true}, "0.85"),
		b.verified(),
		b.tlsMemory("X25519", "20"),
		b.tlsMemory("X25519MLKEM768", "40"),
		{title: "TLS: two loops on two CPUs, one of which the testee shares", clients: []client{
			b.twoProcesses("2 processes", b.unverified("", b.tlsTestee(false), few/2)),
			b.onBoth(b.unverified("2 loops", b.tlsTestee(false), few)),
		}, figures: []figure{cpu}, goal: "at most 1.05", divisor: floorsDivisor},
		{title: "without TLS: wsperf before it had wss://", clients: []client{
			b.running(b.programs.earlier, "earlier", "ws", b.plain(), few),
			b.wsperf("wsperf", b.plain(), few),
		}, figures: []figure{cpu}, goal: "at most 1.00", divisor: 2, refused: b.earlierErr},
	}
}

// tlsKind is a kind of TLS handshakes.
type tlsKind struct {
	name         string
	old, resumed bool // old: TLS 1.2
}

// options returns the options for it: those of both floors, and wsperf's.
func (k tlsKind) options() (floor, wsperf []string) {
	if k.old {
		floor, wsperf = append(floor, "-2"), append(wsperf, "--tls-max", "1.2")
	}
	if k.resumed {
		floor, wsperf = append(floor, "-r"), append(wsperf, "--tls-resume", "100")
	}
	return floor, wsperf
}

// tlsTestee is the built-in testee with TLS. One that makes full handshakes issues no tickets: clients
// on OpenSSL cannot say that they want none.
func (b *bench) tlsTestee(tickets bool) testeeSpec {
	t := b.builtin()
	t.command += " --tls --cert " + b.programs.chain + " --key " + b.programs.key
	if !tickets {
		t.command += " --tickets=false"
	}
	return t
}

// unverified is wsperf over TLS. It does not verify the certificate.
func (b *bench) unverified(name string, t testeeSpec, inFlight int) client {
	return b.withOptions(b.running(b.programs.wsperf, name, "wss", t, inFlight), "--insecure")
}

// tlsFloors compares wsperf with the C floor on OpenSSL, and with crypto/tls alone and then
// handshakes over ws://.
func (b *bench) tlsFloors(kind tlsKind, goal string) comparison {
	t, divisor, made := b.tlsTestee(kind.resumed), floorsDivisor, full
	if kind.resumed {
		divisor, made = resumedDivisor, resumed
	}
	floor, options := kind.options()
	wsperf := b.withOptions(b.unverified("wsperf", t, few), options...)
	wsperf.made = made
	return comparison{title: kind.name, clients: []client{
		b.tlsFloor("OpenSSL", t, floor...), b.bare("bare+ws", floor...), wsperf,
	}, figures: []figure{cpu}, goal: "at most " + goal + " to OpenSSL, 1.10 to bare+ws", divisor: divisor}
}

func (b *bench) tlsFloor(name string, t testeeSpec, options ...string) client {
	c := b.floor(name, "", t, few)
	args := c.args
	c.args = func(port string, handshakes int) []string {
		return append(append([]string{b.programs.tlsFloor}, options...), args(port, handshakes)[1:]...)
	}
	return c
}

// bare is crypto/tls alone, and then wsperf over ws://.
func (b *bench) bare(name string, options ...string) client {
	ws := b.wsperf("ws", b.builtin(), few)
	return client{name: name, cpus: []int{b.clientCPU}, testee: testeeSpec{command: b.programs.bare + " -serve " + b.programs.chain + " " + b.programs.key}, made: printed, then: &ws,
		args: func(port string, handshakes int) []string {
			return append(append([]string{b.programs.bare}, options...), port, strconv.Itoa(handshakes))
		}}
}

// verified compares wsperf that verifies the certificate with one that does not, and with the C floor that does.
func (b *bench) verified() comparison {
	t := b.tlsTestee(false)
	verified := b.withOptions(b.running(b.programs.wsperf, "verified", "wss", t, few), "--cacert", b.programs.root)
	return comparison{title: "TLS: a certificate that is verified", clients: []client{
		b.tlsFloor("OpenSSL", t, "-c", b.programs.root), b.unverified("unverified", t, few), verified,
	}, figures: []figure{cpu}, goal: "at most 0.50 to OpenSSL, 1.05 to unverified", divisor: fullDivisor}
}

// hellos is how many TLS handshakes are in flight where their memory is measured.
const hellos = 10000

// memory compares what the processes have at their peak, per handshake.
var memory = figure{"memory per handshake in KB, difference", func(last, other cost) float64 {
	return float64(last.peakBytes-other.peakBytes) / 1000 / float64(last.handshakes)
}}

// tlsMemory compares TLS handshakes with opening handshakes of ws:// as to memory. The testee answers none
// before all of them wait, and ends the connections of TLS.
func (b *bench) tlsMemory(group, goal string) comparison {
	// A machine that is busy can stop the client for seconds. Then the testee would answer those that it has.
	const idleMs = 5000
	t := testeeSpec{command: fmt.Sprintf("%s %d 1 %d", b.plain().command, hellos, idleMs)}
	wss := b.withOptions(b.unverified("wss", t, hellos), "--tls-min", "1.3", "--tls-groups", group, "--secure-timeout", "60s")
	return comparison{title: "memory of " + strconv.Itoa(hellos) + " TLS handshakes in flight, " + group, clients: []client{
		b.wsperf("ws", t, hellos), ending(wss, 1, ended),
	}, figures: []figure{memory}, goal: "at most " + goal, divisor: defaultHandshakes / hellos}
}

// ending is a client that must end with an exit code.
func ending(c client, code int, made func(output string) int) client {
	args := c.args
	c.made = made
	c.args = func(port string, handshakes int) []string {
		return []string{"sh", "-c", fmt.Sprintf("%s; test $? = %d", strings.Join(args(port, handshakes), " "), code)}
	}
	return c
}
