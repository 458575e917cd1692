package stats

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// TesteeCost is what the processes of a testee on this machine used in the measured window,
// together: "testee_cost" in the result file. A runtime that moves its work between threads, as
// Go's does, can be limited to one CPU without a thread that is always busy: compare the CPU
// time of the whole with the CPUs that it may use too. If nothing is known, Unknown says why, and all else
// is zero. The struct tag merge is how those of runs one after the other are merged; without it,
// they are added.
type TesteeCost struct {
	FoundBy FoundBy       `json:"found_by,omitempty" merge:"common"` // empty in a merged result of several
	Unknown TesteeUnknown `json:"unknown,omitempty" merge:"common"`

	Processes int `json:"processes" merge:"max"`
	Ended     int `json:"ended,omitzero" merge:"max"`            // processes that ended in the window; what they used last is not known
	Threads   int `json:"threads" merge:"max"`                   // the most of each process at a look, together
	Unwatched int `json:"unwatched,omitzero"`                    // runs with too many threads to be watched: RunWaitUs, BusiestShare and InvoluntarySwitches lack them
	Missed    int `json:"missed_processes,omitzero" merge:"max"` // that were too many to look at: all else lacks them
	Hidden    int `json:"hidden_sockets,omitzero" merge:"max"`   // sockets that listen at its address, and whose processes were not found

	UserUs       int64   `json:"cpu_user_us"`
	SystemUs     int64   `json:"cpu_system_us"`
	BusiestShare float64 `json:"busiest_thread_share" merge:"max"` // CPU time of the thread that used most, by the length of the window: 1 is a whole CPU
	RunWaitUs    int64   `json:"run_wait_us"`                      // time in which threads could run and had no CPU

	InvoluntarySwitches int64 `json:"context_switches_involuntary"` // of threads that had not ended

	PeakMemoryBytes int64 `json:"peak_memory_bytes" merge:"max"`    // since they were started; pages that processes share count in each
	MemoryBytes     int64 `json:"memory_bytes" merge:"max"`         // resident at the end
	Descriptors     int   `json:"descriptors,omitzero" merge:"max"` // the most of each process at a look, together; 0: not known

	CPUs        int     `json:"cpus" merge:"common"`                   // that they may use; 0: not known
	AllowedCPUs string  `json:"allowed_cpus,omitempty" merge:"common"` // their numbers, such as 0-3,6
	QuotaCPUs   float64 `json:"quota_cpus,omitzero" merge:"common"`    // CPU time by time that their cgroups allow; 0: no limit

	// Counters are those of all threads, and of the threads and processes that these started.
	Counters Counters `json:"counters,omitzero" merge:"apart"`
}

// FoundBy is how the processes of a testee were found.
type FoundBy string

// The values of FoundBy.
const (
	FoundBySocket FoundBy = "socket" // they have the socket open that listens at the testee's address
	FoundByPID    FoundBy = "pid"    // they were named
	FoundByCgroup FoundBy = "cgroup" // they were in a cgroup that was named
)

// TesteeUnknown is why nothing is known of what a testee cost.
type TesteeUnknown string

// The values of TesteeUnknown.
const (
	TesteeElsewhere    TesteeUnknown = "elsewhere"     // its address is none of this network namespace
	TesteeNotPermitted TesteeUnknown = "not_permitted" // no process was found, and some could not be looked into
	TesteeNoProcess    TesteeUnknown = "no_process"    // no process was found, or all had ended before the window
	TesteeNotWanted    TesteeUnknown = "not_wanted"    // the user asked not to look
	TesteeDescriptors  TesteeUnknown = "descriptors"   // the descriptor limit leaves too few to look
	TesteeTooLate      TesteeUnknown = "time"          // no process was found in time among very many
	TesteeNotInAll     TesteeUnknown = "not_in_all"    // of some of the merged results it is not known
)

var (
	foundBy        = []FoundBy{"", FoundBySocket, FoundByPID, FoundByCgroup}
	testeeUnknowns = []TesteeUnknown{"", TesteeElsewhere, TesteeNotPermitted, TesteeNoProcess, TesteeNotWanted, TesteeDescriptors, TesteeTooLate, TesteeNotInAll}
)

// Known reports whether the cost is known.
func (c *TesteeCost) Known() bool { return c.Processes > 0 }

// IsZero reports whether the run did not look, as that of an older file.
func (c *TesteeCost) IsZero() bool { return reflect.ValueOf(c).Elem().IsZero() }

// MaxProcesses bounds the processes, threads and CPUs of a testee in a result.
const MaxProcesses = 1 << 24

const maxCPUList = 4096 // characters

func (r *Result) checkTesteeCost() error {
	c := &r.TesteeCost
	numbers := *c
	numbers.Unknown = ""
	switch {
	case !slices.Contains(foundBy, c.FoundBy) && !printableASCII(string(c.FoundBy), maxEventName),
		!slices.Contains(testeeUnknowns, c.Unknown) && !printableASCII(string(c.Unknown), maxEventName):
		return fmt.Errorf("found_by and unknown of the testee's cost must be printable and have at most %d characters", maxEventName)
	case !printableASCII(c.AllowedCPUs, maxCPUList):
		return fmt.Errorf("the testee's CPUs must be printable and have at most %d characters", maxCPUList)
	case c.Known() && c.Unknown != "":
		return fmt.Errorf("the testee's cost is of %d processes, and is not known: %s", c.Processes, c.Unknown)
	case !c.Known() && !numbers.IsZero():
		return errors.New("the testee's cost has no process, but numbers")
	case c.Ended > c.Processes:
		return fmt.Errorf("%d processes of the testee ended, of %d", c.Ended, c.Processes)
	}
	if err := c.Counters.check(); err != nil {
		return fmt.Errorf("of the testee: %w", err)
	}
	return nil
}

// seenCost is what a result with a connection saw of a testee.
type seenCost struct {
	address        string
	started, ended time.Time
	cost           TesteeCost
}

// costSum has what results saw of their testees.
type costSum struct{ seen []seenCost }

func (s *costSum) add(r *Result) {
	if r.Total > 0 {
		s.seen = append(s.seen, seenCost{r.Setup.Address, r.Started, r.Ended, r.TesteeCost})
	}
}

// result merges the costs of all results with a connection. Results that were measured at the
// same time, at the same address, saw the same processes: one of them counts. Those of results
// one after the other are added. The sum is not known unless one of each time is.
func (s *costSum) result() (sum TesteeCost) {
	first := true
	for _, group := range sameTime(s.seen) {
		c := largestCost(group)
		switch {
		case first:
			sum, first = c, false
		case sum.Known() && c.Known():
			merge(&sum, &c, mergeSum)
			sum.Counters = sum.Counters.plus(&c.Counters)
		case sum.Known() || c.Known() || sum.Unknown != c.Unknown:
			sum = TesteeCost{Unknown: TesteeNotInAll}
		}
	}
	return sum
}

// sameTime divides what was seen into groups of the same address whose measured windows overlap.
func sameTime(all []seenCost) (groups [][]seenCost) {
	slices.SortStableFunc(all, func(a, b seenCost) int {
		return cmp.Or(cmp.Compare(a.address, b.address), a.started.Compare(b.started))
	})
	var ends time.Time
	for i, c := range all {
		if i == 0 || c.address != all[i-1].address || !c.started.Before(ends) {
			groups, ends = append(groups, nil), c.ended
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], c)
		if c.ended.After(ends) {
			ends = c.ended
		}
	}
	return groups
}

// largestCost returns the cost of a testee that several runs saw at the same time: that of the
// run that saw it use the most CPU time.
func largestCost(seen []seenCost) TesteeCost {
	largest := seen[0].cost
	for i := range seen {
		c := &seen[i].cost
		if c.UserUs+c.SystemUs > largest.UserUs+largest.SystemUs || c.Known() && !largest.Known() {
			largest = *c
		}
	}
	return largest
}
