package verdict

import (
	"fmt"
	"math"
	"strconv"

	"wsperf/stats"
)

// line is a line of evidence, empty if there is nothing to say.
type line func(*evidence) string

// percent writes a share. Above 100 % it is more than one CPU.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + " %" }

// duration writes microseconds.
func duration(us int64) string {
	switch {
	case us < 10_000:
		return strconv.FormatInt(us, 10) + " us"
	case us < 10_000_000:
		return strconv.FormatFloat(float64(us)/1e3, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(float64(us)/1e6, 'f', 1, 64) + " s"
}

func tooLittleReason(e *evidence) string {
	switch {
	case e.successes < leastSuccesses:
		return fmt.Sprintf("%d successes are too few to tell: at least %d are needed", e.successes, leastSuccesses)
	case e.seconds < leastSeconds:
		return fmt.Sprintf("%.3f s are too short to tell: at least %.1f s are needed", e.seconds, leastSeconds)
	}
	return "what the loops did is not known"
}

func dropsReason(e *evidence) string {
	d := &e.drop
	switch {
	case d.conntrackFull:
		return "the kernel's table of tracked connections was nearly full: raise net.netfilter.nf_conntrack_max"
	case d.backlog > 0:
		return fmt.Sprintf("the testee's accept queue, with a listen backlog of %d, was full, and connections waited to be sent again: raise the backlog, or lower the watermarks", d.backlog)
	case d.overflows >= dropped:
		return "the testee's accept queue was full, and connections waited to be sent again: raise its listen backlog, or lower the watermarks"
	}
	return "SYNs were lost, and connections waited to be sent again"
}

func dropLine(e *evidence) string {
	return fmt.Sprintf("%s of the connections lost a SYN; %s met a full queue; %s of the time in flight passed waiting for that at least",
		percent(e.drop.lost), percent(e.drop.overflows), percent(e.drop.inFlight))
}

func rateReason(e *evidence) string {
	return fmt.Sprintf("the rate of %.0f a second was kept: nothing bounded the run", e.rate)
}

func quotaReason(e *evidence) string {
	return fmt.Sprintf("the CPU quota of wsperf's cgroup, %.2f CPUs, stopped it in %s of the periods: raise it (cpu.max)", e.quotaCPUs, percent(e.throttledPeriods))
}

func sharedReason(e *evidence) string {
	return fmt.Sprintf("wsperf and the testee wait for the same CPUs: a loop had none for %s of the time, the testee's threads for %s: give each its own (--cpus)",
		percent(e.runWait), percent(e.testee.runWait))
}

func clientReason(e *evidence) string {
	if e.starved() {
		return starvedReason(e)
	}
	with := ""
	if e.tls.used && e.tls.userUs > mostly*e.tls.cpuUs {
		with = ", most of it with TLS"
	}
	return fmt.Sprintf("a loop of wsperf was busy for %s of the time%s, and can do no more: give it more CPUs, or compare by testee_cost", percent(e.busiest.busy), with)
}

func starvedReason(e *evidence) string {
	return fmt.Sprintf("a loop of wsperf waited for a CPU for %s of the time: other programs had it", percent(e.runWait))
}

func testeeReason(e *evidence) string {
	t := &e.testee
	switch {
	case t.mayUse > 0 && t.used >= testeeUsed*t.mayUse && t.quota:
		return fmt.Sprintf("it used %s of a CPU, of a quota of %s", percent(t.used), percent(t.mayUse))
	case t.mayUse > 0 && t.used >= testeeUsed*t.mayUse:
		return fmt.Sprintf("it used %s of a CPU, of %.0f that it may use", percent(t.used), t.mayUse)
	}
	if t.busiest < testeeUsed {
		return fmt.Sprintf("it used %s of a CPU, and other programs all that was left of those that it may use", percent(t.used))
	}
	return fmt.Sprintf("its busiest thread used %s of a CPU, and can do no more", percent(t.busiest))
}

func lagReason(e *evidence) string {
	return fmt.Sprintf("1 in 100 responses waited for wsperf for %s, when the median of phase open is %s", duration(e.lag.q99), duration(e.openUs))
}

func softirqReason(e *evidence) string {
	return fmt.Sprintf("CPU %d spent %s of its time on packets (softirq) and had none left: spread them over CPUs (RSS, RPS)", e.softirqCPU, percent(e.softirq))
}

func portsReason(e *evidence) string {
	if e.slotWaits == 0 {
		return "starts waited for a local port, a descriptor or memory: give more --source addresses, or widen net.ipv4.ip_local_port_range, if it was ports"
	}
	return "starts waited for a local port: give more --source addresses, or widen net.ipv4.ip_local_port_range"
}

func slotsReason(e *evidence) string {
	by := "memory"
	if e.slotsBy == stats.LimitDescriptors {
		by = "the descriptor limit (ulimit -n)"
	}
	return fmt.Sprintf("starts waited because only %d connections can be open at once, by %s", e.slots, by)
}

func lateReason(e *evidence) string {
	return fmt.Sprintf("the rate was not kept: starts were late by %s at q99, and wait for nobody but wsperf and its CPUs", duration(e.lateUs))
}

func remoteReason(e *evidence) string {
	if e.testee.unknown == stats.TesteeElsewhere {
		return "wsperf had room: the testee, which is not seen from here, or the network bounded the run (run wsperf beside it, or give --pid)"
	}
	return "wsperf had room: the testee, of which nothing is known, or the network bounded the run (give --pid or --cgroup)"
}

// wayLine compares what a kernel answers with what a program answers.
func wayLine(e *evidence) string {
	return fmt.Sprintf("connect took %s and open %s at the median: the second is the testee's work too", duration(e.connectUs), duration(e.openUs))
}

func watermarkReason(e *evidence) string {
	text := fmt.Sprintf("nobody was busy: %d in flight by %s each bound the rate to %.0f a second", e.high, duration(e.readyUs), e.rate)
	if high := e.enough(); high > e.high {
		text += fmt.Sprintf("; --high %d would lift it", high)
	}
	return text
}

// enough returns the high watermark at which wsperf or the testee would be busy all the time, if
// each handshake took as long as it does now, to two digits.
func (e *evidence) enough() int {
	most := e.busiest.busy
	if e.testee.known {
		most = max(most, e.testee.busiest)
		if e.testee.mayUse > 0 {
			most = max(most, e.testee.used/e.testee.mayUse)
		}
	}
	if most <= 0 || e.high <= 0 {
		return 0
	}
	high := float64(e.high) / most
	unit := math.Pow(10, math.Max(0, math.Floor(math.Log10(high))-1))
	return int(math.Min(math.Ceil(high/unit)*unit, math.MaxInt32))
}

func unclearReason(e *evidence) string {
	switch {
	case float64(e.failures) >= failed*float64(e.total):
		return fmt.Sprintf("%s of the connections failed, and nobody was busy", percent(float64(e.failures)/float64(e.total)))
	case e.open:
		return "the rate of the starts was kept, but not that of the answers, and nobody was busy"
	case !e.testee.known:
		return "fewer were in flight than the watermarks allow, and of the testee nothing is known (give --pid or --cgroup)"
	}
	return "fewer were in flight than the watermarks allow, and nobody was busy"
}

func inFlightLine(e *evidence) string {
	if e.open {
		return fmt.Sprintf("%.0f were in flight on average, for %s each at the median", e.inFlight, duration(e.readyUs))
	}
	return fmt.Sprintf("%.0f were in flight on average, of %d to %d, for %s each at the median", e.inFlight, e.low, e.high, duration(e.readyUs))
}

func loopLine(e *evidence) string {
	b := &e.busiest
	text := fmt.Sprintf("wsperf: loop %d was busy for %s of the time, on a CPU for %s, waiting for one for %s", b.number, percent(b.busy), percent(b.used), percent(b.runWait))
	if t := &e.tls; t.used && t.cpuUs > 0 {
		text += fmt.Sprintf("; with TLS, a connection cost it %.0f us of CPU, %.0f us of them in user space (ws://: some 2 us)", t.cpuUs, t.userUs)
	}
	return text
}

func lagLine(e *evidence) string {
	if e.lag == (lagOf{inOpen: e.lag.inOpen}) {
		return ""
	}
	text := fmt.Sprintf("responses waited for wsperf for %s at the median and %s at q99", duration(e.lag.median), duration(e.lag.q99))
	if e.lag.inOpen {
		text += fmt.Sprintf(", which is in the %s of open", duration(e.openUs))
	}
	return text
}

func testeeLine(e *evidence) string {
	t := &e.testee
	if !t.known {
		return "testee: not known what it used"
	}
	text := fmt.Sprintf("testee: %s of a CPU", percent(t.used))
	if t.mayUse > 0 {
		text += fmt.Sprintf(" of %s", percent(t.mayUse))
	}
	return text + fmt.Sprintf(", its busiest thread %s; its threads waited for a CPU for %s", percent(t.busiest), percent(t.runWait))
}
