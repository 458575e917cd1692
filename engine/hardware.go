package engine

import (
	"maps"

	"wsperf/engine/host"
	"wsperf/stats"
)

// hardware is the observer of the performance counters of the loops' threads. The kernel saves
// and loads them at each switch of such a thread. Where the CPU has no counters, nothing is
// opened, and they cost nothing.
type hardware struct {
	set     *host.CounterSet
	threads []*host.ThreadCounters
	sums    []uint64
	failed  bool // a thread has no values
}

func newHardware(set *host.CounterSet, loops []*loop) *hardware {
	h := &hardware{set: set, sums: make([]uint64, len(set.Events))}
	for _, l := range loops {
		h.failed = h.failed || l.hardware == nil
		if l.hardware != nil {
			h.threads = append(h.threads, l.hardware)
		}
	}
	return h
}

func (h *hardware) begin() {
	for _, c := range h.threads {
		c.Enable()
	}
}

func (h *hardware) sample() {}

func (h *hardware) end() {
	for _, c := range h.threads {
		h.failed = !c.Read(h.sums) || h.failed
	}
}

// notCounted is why an event is absent that the kernel had accepted.
const notCounted = "not counted"

func (h *hardware) fill(r *stats.Result) {
	absent := ""
	if h.failed {
		absent = notCounted
	}
	r.Counters = countersOf(h.set, h.sums, absent)
}

// countersOf returns the sums of a set's events, or names all as absent for a reason.
func countersOf(set *host.CounterSet, sums []uint64, absent string) stats.Counters {
	c := stats.Counters{UserOnly: set.UserOnly, Counts: make(map[string]uint64), Absent: make(map[string]string)}
	maps.Copy(c.Absent, set.Absent)
	for i, e := range set.Events {
		if absent == "" {
			c.Counts[e.Name] = sums[i]
		} else {
			c.Absent[e.Name] = absent
		}
	}
	return c
}
