package engine

import (
	"errors"

	"wsperf/engine/host"
	"wsperf/stats"
)

// testeeCounters are the performance counters of the testee's threads, of which the kernel allows
// those that the user may look into. The zero value has none.
type testeeCounters struct {
	set    *host.CounterSet
	open   *host.ProcessCounters // nil: absent says why
	absent string
	sums   []uint64
}

// openTesteeCounters opens counters for a set that the loops can count too, with at most that many
// descriptors.
func openTesteeCounters(processes *host.Processes, set *host.CounterSet, descriptors int) testeeCounters {
	c := testeeCounters{set: set, absent: notCounted, sums: make([]uint64, len(set.Events))}
	var err error
	if c.open, err = processes.OpenCounters(set, descriptors); err != nil {
		c.absent = absentBy(err)
	}
	return c
}

// absentBy returns why the events of a set are absent.
func absentBy(err error) string {
	if errors.Is(err, host.ErrTooManyThreads) {
		return host.ErrTooManyThreads.Error()
	}
	return host.ErrnoName(err)
}

func (c *testeeCounters) descriptors() int {
	if c.open == nil {
		return 0
	}
	return c.open.Descriptors()
}

func (c *testeeCounters) begin() {
	if c.open != nil {
		c.open.Enable()
	}
}

func (c *testeeCounters) end() {
	if c.open != nil && c.open.Read(c.sums) {
		c.absent = ""
	}
}

func (c *testeeCounters) result() stats.Counters {
	if c.set == nil {
		return stats.Counters{}
	}
	return countersOf(c.set, c.sums, c.absent)
}
