package engine

import "wsperf/stats"

// usage is what a loop has used and counted since it began.
type usage struct {
	atNs          int64 // when this was read
	cpuUs         int64 // CPU time of its thread, user and system
	earlyWrites   uint64
	keptSockets   uint64
	slotWaits     uint64
	shortageWaits uint64
	stalls        uint64
	stalledNs     int64
	sleptNs       int64
	runWaitNs     int64 // for a CPU
	waits         uint64
	events        uint64
}

// usage must be called by the loop's own thread.
func (l *loop) usage() usage {
	return usage{
		atNs: l.stalls.lastNs, cpuUs: threadCPUUs(), earlyWrites: l.testee.early.uses, keptSockets: l.testee.keep.uses,
		slotWaits: l.slotWaits, shortageWaits: l.shortageWaits, stalls: l.stalls.count, stalledNs: l.stalls.totalNs,
		sleptNs: l.sleptNs, runWaitNs: l.sched.WaitNs(), waits: l.waits, events: l.events,
	}
}

// result returns what the loop did in the measured window. A socket of the warm-up can be
// kept in the window, and a deferred start of the warm-up be made: neither is more than a
// connection of the window.
func (l *loop) result() stats.LoopResult {
	started, success, fail := l.rec.Counts()
	return stats.LoopResult{
		CPU: l.cpu, Started: started, Success: success, Fail: fail,
		CPUUs:       l.after.cpuUs - l.before.cpuUs,
		EarlyWrites: min(l.after.earlyWrites-l.before.earlyWrites, started),
		KeptSockets: min(l.after.keptSockets-l.before.keptSockets, started),
		BusyUs:      max(0, l.after.atNs-l.before.atNs-(l.after.sleptNs-l.before.sleptNs)) / 1e3,
		RunWaitUs:   (l.after.runWaitNs - l.before.runWaitNs) / 1e3,
		Waits:       l.after.waits - l.before.waits,
		Events:      l.after.events - l.before.events,
		MaxBatch:    l.maxBatch,
	}
}

// addTo adds what the loop met in the measured window to the cost of the client.
func (l *loop) addTo(c *stats.ClientCost) {
	c.SlotWaits += l.after.slotWaits - l.before.slotWaits
	c.ShortageWaits += l.after.shortageWaits - l.before.shortageWaits
	c.Stalls += l.after.stalls - l.before.stalls
	c.StalledUs += (l.after.stalledNs - l.before.stalledNs) / 1e3
	if l.after.stalls > l.before.stalls {
		c.LongestStallUs = max(c.LongestStallUs, l.stalls.longestNs/1e3)
	}
}
