package main

import (
	"regexp"
	"strconv"
)

// lateness is how late the starts of an open loop were, in microseconds.
type lateness struct{ medianUs, q99Us float64 }

// lengthOfRate is how long the runs with a rate last with the default of 50000 handshakes,
// in seconds.
const lengthOfRate = 2

// lateness compares the starts of an open loop with a C loop that only wakes up in time.
func (b *bench) lateness(perSecond int) comparison {
	rate := strconv.Itoa(perSecond)
	return comparison{title: "late starts, " + rate + "/s", clients: []client{
		{name: "floor", cpus: []int{b.clientCPU}, testee: b.plain(), made: sleeps,
			args: func(_ string, handshakes int) []string {
				return []string{b.programs.sleeper, rate, strconv.Itoa(handshakes)}
			}},
		b.atRate("wsperf", b.plain(), perSecond),
	}, figures: []figure{lateMedian, lateQ99}, goal: "at most 1.3", divisor: defaultHandshakes / lengthOfRate / perSecond}
}

// openLoop compares the cost of an open loop with that of a closed loop at about the same
// rate: the testee takes so long for each response that one in flight makes 5000 a second.
func (b *bench) openLoop() comparison {
	const perSecond = 5000
	return comparison{title: "5000 starts a second, by the clock and one after the other", clients: []client{
		b.wsperf("closed", b.spinning(115), 1),
		b.atRate("open", b.spinning(115), perSecond),
	}, figures: []figure{cpu}, goal: "at most 1.3", divisor: defaultHandshakes / lengthOfRate / perSecond}
}

func (b *bench) atRate(name string, t testeeSpec, perSecond int) client {
	return client{name: name, cpus: []int{b.clientCPU}, testee: t, made: reported,
		args: func(port string, handshakes int) []string {
			return []string{b.programs.wsperf, "run", "ws://127.0.0.1:" + port + "/", "--rate", strconv.Itoa(perSecond),
				"--conns", strconv.Itoa(handshakes), "--quiet"}
		}}
}

var (
	sleeperLine = regexp.MustCompile(`^([0-9]+) sleeps, late by ([0-9.]+) us at the median, ([0-9.]+) us at q99\n$`)
	lateLine    = regexp.MustCompile(`(?m)^  Late +by ([0-9.]+) (us|ms) at the median, ([0-9.]+) (us|ms) at q99,`)
)

// sleeps reads how often the C loop slept.
func sleeps(output string) int {
	if m := sleeperLine.FindStringSubmatch(output); m != nil {
		return printed(m[1])
	}
	return 0
}

// lateOf reads how late the starts were, of the output of either. It is 0 in any other.
func lateOf(output string) (l lateness) {
	if m := sleeperLine.FindStringSubmatch(output); m != nil {
		return lateness{microseconds(m[2], "us"), microseconds(m[3], "us")}
	}
	if m := lateLine.FindStringSubmatch(output); m != nil {
		return lateness{microseconds(m[1], m[2]), microseconds(m[3], m[4])}
	}
	return l
}

func microseconds(number, unit string) float64 {
	n, _ := strconv.ParseFloat(number, 64) // the expressions match numbers only
	if unit == "ms" {
		return n * 1000
	}
	return n
}
