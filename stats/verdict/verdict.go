// Package verdict says what bounded a run: the testee, wsperf itself, or something between
// them. Of is a pure function of a result.
package verdict

import "wsperf/stats"

// Bounds that tell a bottleneck. Shares are of the loaded time, if nothing else is said.
const (
	usedUp     = 0.95  // of a loop's time not asleep: it can do no more
	testeeUsed = 0.90  // of the testee's busiest thread, or of the CPUs that it may use
	contended  = 0.15  // of a thread's time without a CPU: it has to share one
	starved    = 0.30  // the same, whoever has the CPU
	throttled  = 0.10  // of the periods of a CPU quota
	lagShare   = 0.10  // of the median of phase open: the client's own delay distorts it
	lagBusy    = 0.50  // of a loop's time: with less, lag is that of a burst
	dropped    = 0.01  // of the connections
	dropWaits  = 0.30  // of the time in flight, waiting for what the kernel had dropped, if it was
	dropCounts = 0.005 // of the connections: at a low rate a single SYN fills the time in flight
	noneIdle   = 0.05  // of the time of CPUs: nothing is left of them
	softirqs   = 0.60  // of a CPU that is not idle
	atMark     = 0.85  // of the low watermark, as the mean in flight
	sameTime   = 1.50  // of phase connect, as phase open: the way takes most of both
	mostly     = 0.50  // of wsperf's CPU time
	failed     = 0.01  // of the connections
	finished   = 0.90  // of the successes of an open loop, by its last start: no backlog grew
)

// The least that a run must have for a verdict.
const (
	leastSeconds   = 0.1
	leastSuccesses = 50
)

// rule is a bottleneck: when it is one, and what is said of it.
type rule struct {
	kind     stats.Bottleneck
	holds    func(*evidence) bool
	reason   func(*evidence) string
	evidence []line
}

// rules are tried in their order. The first that holds gives the verdict, and the last always
// does.
func rules() []rule {
	return []rule{
		{stats.BottleneckKernel, (*evidence).dropsBound, dropsReason, []line{dropLine, inFlightLine, loopLine}},
		{stats.BottleneckUnclear, (*evidence).tooLittle, tooLittleReason, nil},
		{stats.BottleneckRate, (*evidence).rateKept, rateReason, []line{loopLine, testeeLine, lagLine}},
		{stats.BottleneckQuota, (*evidence).quotaBound, quotaReason, []line{loopLine, lagLine, testeeLine}},
		{stats.BottleneckShared, (*evidence).shared, sharedReason, []line{loopLine, testeeLine, lagLine}},
		{stats.BottleneckClient, (*evidence).clientUsedUp, clientReason, []line{loopLine, lagLine, testeeLine}},
		{stats.BottleneckTestee, (*evidence).testeeUsedUp, testeeReason, []line{testeeLine, loopLine, lagLine}},
		{stats.BottleneckClient, (*evidence).starved, starvedReason, []line{loopLine, lagLine, testeeLine}},
		{stats.BottleneckClient, (*evidence).lagBound, lagReason, []line{lagLine, loopLine, testeeLine}},
		{stats.BottleneckKernel, (*evidence).softirqBound, softirqReason, []line{loopLine, testeeLine}},
		{stats.BottleneckKernel, (*evidence).portsBound, portsReason, []line{inFlightLine, loopLine, testeeLine}},
		{stats.BottleneckClient, (*evidence).slotsBound, slotsReason, []line{inFlightLine, loopLine, testeeLine}},
		{stats.BottleneckClient, (*evidence).startsLate, lateReason, []line{loopLine, testeeLine, lagLine}},
		{stats.BottleneckRemote, (*evidence).remote, remoteReason, []line{inFlightLine, wayLine, loopLine}},
		{stats.BottleneckWatermark, (*evidence).atMark, watermarkReason, []line{inFlightLine, loopLine, testeeLine}},
		{stats.BottleneckUnclear, always, unclearReason, []line{inFlightLine, loopLine, testeeLine}},
	}
}

func always(*evidence) bool { return true }

// Of returns the verdict on the result of one run.
func Of(r *stats.Result) stats.Verdict { return evidenceOf(r).verdict() }

func (e *evidence) verdict() stats.Verdict {
	all := rules()
	i := 0
	for !all[i].holds(e) {
		i++
	}
	v := stats.Verdict{Kind: all[i].kind, Reason: all[i].reason(e), Evidence: []string{}}
	for _, say := range all[i].evidence {
		if text := say(e); text != "" {
			v.Evidence = append(v.Evidence, text)
		}
	}
	return v
}

// dropsBound reports whether connections waited for what the kernel had dropped. A few do not
// bound a run in which somebody is busy all the time.
func (e *evidence) dropsBound() bool {
	d := &e.drop
	busy := e.clientUsedUp() || e.testeeUsedUp() || e.starved()
	share := max(d.overflows, d.lost)
	return d.conntrackFull || share >= dropCounts && d.inFlight >= dropWaits || share >= dropped && !busy
}

func (e *evidence) tooLittle() bool {
	return !e.loopsKnown || e.seconds < leastSeconds || e.successes < leastSuccesses
}

// rateKept reports whether an open loop was served as fast as it started. It is judged before
// the lag: at a low rate a response finds its loop asleep, which takes some microseconds of a
// time that is short itself. That others use the testee's CPUs up bounds nothing then: they may
// only take what is left.
func (e *evidence) rateKept() bool {
	return e.open && e.kept && e.finished >= finished && float64(e.failures) < failed*float64(e.total) && !e.clientUsedUp() && !e.testee.busy()
}

func (e *evidence) quotaBound() bool { return e.throttledPeriods >= throttled }

// shared is about CPUs that both may use: on others they wait for somebody else.
func (e *evidence) shared() bool {
	return e.runWait >= contended && e.testee.known && e.testee.runWait >= contended && e.testee.beside
}

func (e *evidence) clientUsedUp() bool { return e.busiest.busy >= usedUp }

// starved is judged after the testee, which may be used up all the same.
func (e *evidence) starved() bool { return e.runWait >= starved }

func (e *evidence) testeeUsedUp() bool { return e.testee.busy() || e.testee.starved() }

// busy reports whether the testee itself uses up a thread, or the CPUs that it may use.
func (t *testeeUse) busy() bool {
	return t.known && (t.busiest >= testeeUsed || t.mayUse > 0 && t.used >= testeeUsed*t.mayUse)
}

// starved reports whether other programs use the testee's CPUs up, which are none of wsperf's.
func (t *testeeUse) starved() bool {
	return t.known && t.runWait >= contended && t.idle <= noneIdle && !t.beside
}

func (e *evidence) lagBound() bool {
	return e.busiest.busy >= lagBusy && float64(e.lag.q99) > lagShare*float64(e.openUs)
}

func (e *evidence) softirqBound() bool { return e.softirq >= softirqs }

// atMark reports whether a closed loop had as many in flight as it may: starts begin when the
// low watermark is passed.
func (e *evidence) atMark() bool { return !e.open && e.inFlight >= atMark*float64(e.low) }

// bounded reports whether something kept the run from starting more.
func (e *evidence) bounded() bool { return e.startsLate() || !e.open && !e.atMark() }

// startsLate reports whether an open loop did not start as asked to. Its starts wait for nobody
// else.
func (e *evidence) startsLate() bool { return e.open && !e.kept }

func (e *evidence) portsBound() bool {
	return e.bounded() && (e.shortages > 0 || e.slotWaits > 0 && e.slotsBy == stats.LimitPorts)
}

func (e *evidence) slotsBound() bool { return e.bounded() && e.slotWaits > 0 }

// remote reports whether time passes in a testee that is not seen, or on the way to it. If its
// kernel takes about as long to answer a SYN as it takes to answer a request, that is the way's,
// and the watermark bounds the rate.
func (e *evidence) remote() bool {
	return !e.testee.known && (e.atMark() || e.open) && float64(e.openUs) > sameTime*float64(e.connectUs)
}
