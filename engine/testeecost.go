package engine

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

// TesteeProcesses is which processes are the testee, so that their cost is measured. At most one
// field is set. The zero value stands for those that have the socket open that listens at the
// testee's address.
type TesteeProcesses struct {
	PIDs   []int  `json:"pids,omitempty"`
	Cgroup string `json:"cgroup,omitempty"` // directory of one of either version
	None   bool   `json:"none,omitempty"`   // nothing is looked at
}

func (p TesteeProcesses) check() error {
	for _, pid := range p.PIDs {
		if pid <= 0 || !host.ProcessExists(pid) {
			return fmt.Errorf("testee: there is no process %d: must be the number of a process that runs", pid)
		}
	}
	if p.Cgroup == "" {
		return nil
	}
	if err := host.Cgroup(p.Cgroup).Check(); err != nil {
		return fmt.Errorf("testee: cgroup %q: %w", p.Cgroup, err)
	}
	return nil
}

// testeeCost is the observer of what the testee costs on this machine.
type testeeCost struct {
	processes *host.Processes // nil: found.Unknown says why
	found     stats.TesteeCost
	counters  testeeCounters
}

const (
	// searchTime bounds the search for the testee's processes, which delays the start.
	searchTime = 100 * time.Millisecond

	// watchPart: to look at the testee takes at most one of so many descriptors, because they are
	// taken from the connections.
	watchPart = 16
)

// watchTestee finds the testee's processes, and opens what it will read.
func watchTestee(cfg *Config, descriptors int) *testeeCost {
	s := findTestee(cfg)
	if s.found.Unknown != "" {
		return &testeeCost{found: s.found}
	}
	processes, err := host.WatchProcesses(s.pids, descriptors/watchPart)
	if err != nil {
		return &testeeCost{found: stats.TesteeCost{Unknown: unknownBy(err)}}
	}
	switch s.found.FoundBy {
	case stats.FoundByCgroup:
		processes.WithCgroup(host.Cgroup(cfg.Processes.Cgroup))
	case stats.FoundBySocket:
		processes.AdoptChildren(s.sockets)
	}
	return &testeeCost{processes: processes, found: s.found}
}

// count opens counters of the testee's threads, within the part of the descriptors that is left
// of watchPart.
func (c *testeeCost) count(set *host.CounterSet, descriptors int) {
	if c.processes != nil {
		c.counters = openTesteeCounters(c.processes, set, descriptors/watchPart-c.processes.Descriptors())
	}
}

// unknownBy returns why processes cannot be watched.
func unknownBy(err error) stats.TesteeUnknown {
	switch {
	case errors.Is(err, unix.EMFILE):
		return stats.TesteeDescriptors
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return stats.TesteeNotPermitted
	}
	return stats.TesteeNoProcess // they have ended
}

// search is what came of the search for the testee's processes.
type search struct {
	pids    []int
	sockets []uint32         // inodes of those that listen
	found   stats.TesteeCost // how they were found, or why there is none
}

func notFound(why stats.TesteeUnknown) search { return search{found: stats.TesteeCost{Unknown: why}} }

func findTestee(cfg *Config) search {
	switch p := cfg.Processes; {
	case p.None:
		return notFound(stats.TesteeNotWanted)
	case len(p.PIDs) > 0:
		return search{pids: p.PIDs, found: stats.TesteeCost{FoundBy: stats.FoundByPID}}
	case p.Cgroup != "":
		pids := host.Cgroup(p.Cgroup).PIDs()
		if len(pids) == 0 {
			return notFound(stats.TesteeNoProcess)
		}
		return search{pids: pids, found: stats.TesteeCost{FoundBy: stats.FoundByCgroup}}
	case !host.IsLocal(cfg.Addr.Addr().Unmap()):
		return notFound(stats.TesteeElsewhere)
	}
	return findBySocket(cfg)
}

func findBySocket(cfg *Config) (s search) {
	all, _ := host.Listeners(cfg.Addr.Port()) // nil on failure
	for _, l := range host.ListenersFor(all, cfg.Addr.Addr()) {
		s.sockets = append(s.sockets, l.Inode)
	}
	if len(s.sockets) == 0 { // a packet filter sends connections elsewhere, or nothing listens
		return notFound(stats.TesteeNoProcess)
	}
	o := host.SocketOwners(s.sockets, searchTime)
	switch {
	case len(o.PIDs) > 0:
		s.pids, s.found = o.PIDs, stats.TesteeCost{FoundBy: stats.FoundBySocket, Hidden: o.Hidden}
		return s
	case o.Incomplete:
		return notFound(stats.TesteeTooLate)
	case o.Refused:
		return notFound(stats.TesteeNotPermitted)
	}
	return notFound(stats.TesteeNoProcess)
}

// descriptors returns how many it takes at most.
func (c *testeeCost) descriptors() int {
	if c.processes == nil {
		return 0
	}
	return c.processes.Descriptors() + c.counters.descriptors()
}

func (c *testeeCost) begin() {
	if c.processes != nil {
		c.processes.Begin()
		c.counters.begin()
	}
}

func (c *testeeCost) sample() {
	if c.processes != nil {
		c.processes.Sample()
	}
}

func (c *testeeCost) end() {
	if c.processes != nil {
		c.counters.end()
		c.processes.End()
	}
}

func (c *testeeCost) fill(r *stats.Result) {
	r.TesteeCost = c.found
	if c.processes == nil {
		return
	}
	u := c.processes.Usage()
	if u.Processes == 0 {
		r.TesteeCost = stats.TesteeCost{Unknown: stats.TesteeNoProcess}
		return
	}
	addUsage(&r.TesteeCost, &u)
	r.TesteeCost.Counters = c.counters.result()
}

func addUsage(c *stats.TesteeCost, u *host.ProcessUsage) {
	c.Processes, c.Ended, c.Missed, c.Threads = u.Processes, u.Ended, u.Missed, u.Threads
	if u.Unwatched {
		c.Unwatched = 1
	}
	c.UserUs, c.SystemUs = u.UserNs/1e3, u.SystemNs/1e3
	c.BusiestShare, c.RunWaitUs, c.InvoluntarySwitches = u.Busiest, u.RunWaitNs/1e3, u.InvoluntarySwitches
	c.PeakMemoryBytes, c.MemoryBytes, c.Descriptors = u.PeakBytes, u.RSSBytes, u.Descriptors
	c.CPUs, c.AllowedCPUs, c.QuotaCPUs = len(u.CPUs), host.FormatCPUs(u.CPUs), u.Quota
}

// close gives the descriptors back.
func (c *testeeCost) close() {
	if c != nil {
		c.counters.open.Close()
		c.processes.Close()
	}
}
