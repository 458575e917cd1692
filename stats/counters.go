package stats

import (
	"fmt"
	"maps"
)

// Counters are what the performance counters of the CPUs counted for threads in the measured
// window, together: those of the loops, or those of the testee. The JSON keys are those of the result file. A run names
// every event once: in Counts or in Absent.
type Counters struct {
	Counts   map[string]uint64 `json:"counts,omitempty"`
	Absent   map[string]string `json:"absent,omitempty"` // why each of the others was not counted, such as an errno
	UserOnly bool              `json:"user_only"`        // in user space only, because the kernel may not be counted
}

// Limits of the counters of a result.
const (
	maxEvents    = 32
	maxEventName = 32      // bytes, and of the reason of an absent one
	maxCounted   = 1 << 60 // sums of many files do not overflow
)

// notInAll is why an event is absent that some of the merged results have.
const notInAll = "not in all runs"

// Known reports whether the run tried to count. That of an older file did not.
func (c *Counters) Known() bool { return len(c.Counts)+len(c.Absent) > 0 }

// counterSum adds the counters of all results with a connection.
type counterSum struct {
	sum   Counters
	begun bool
}

func (s *counterSum) add(r *Result) {
	switch c := &r.Counters; {
	case r.Total == 0 && !c.Known():
	case s.begun:
		s.sum = s.sum.plus(c)
	default:
		s.sum, s.begun = *c, true
	}
}

// plus returns the sum of both. There is none unless both have some, both with the kernel or both
// without.
func (c Counters) plus(other *Counters) Counters {
	if !c.Known() || !other.Known() || c.UserOnly != other.UserOnly {
		return Counters{}
	}
	c.Counts = maps.Clone(c.Counts)
	c.add(other)
	return c
}

// add adds the events that both have. Any other is absent.
func (c *Counters) add(other *Counters) {
	absent := make(map[string]string)
	for name := range c.Counts {
		n, found := other.Counts[name]
		if !found {
			delete(c.Counts, name)
			absent[name] = notInAll
			continue
		}
		c.Counts[name] = min(c.Counts[name]+n, maxCounted)
	}
	for _, reasons := range []map[string]string{c.Absent, other.Absent} {
		for name, reason := range reasons {
			if had, found := absent[name]; found && had != reason {
				reason = notInAll
			}
			absent[name] = reason
		}
	}
	for name := range other.Counts {
		if _, both := c.Counts[name]; !both {
			absent[name] = notInAll
		}
	}
	c.Absent = absent
}

func (r *Result) checkCounters() error { return r.Counters.check() }

func (c *Counters) check() error {
	if len(c.Counts) > maxEvents || len(c.Absent) > maxEvents {
		return fmt.Errorf("%d counters and %d absent ones, at most %d of each are allowed", len(c.Counts), len(c.Absent), maxEvents)
	}
	for name, n := range c.Counts {
		if _, both := c.Absent[name]; both || n > maxCounted || name == "" || !printableASCII(name, maxEventName) {
			return fmt.Errorf("counters must have printable names of at most %d characters, counts of at most %d, and not be absent", maxEventName, uint64(maxCounted))
		}
	}
	for name, reason := range c.Absent {
		if name == "" || !printableASCII(name, maxEventName) || !printableASCII(reason, maxEventName) {
			return fmt.Errorf("absent counters must have printable names and reasons of at most %d characters", maxEventName)
		}
	}
	return nil
}
