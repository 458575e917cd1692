package job

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"wsperf/engine/host"
)

// LoopPerCPU as the number of loops asks for one loop per CPU.
const LoopPerCPU = -1

// loopRequest is what the user asked for.
type loopRequest struct {
	loops int   // LoopPerCPU; 0: one loop that is not pinned; or the number
	cpus  []int // of the loops, round robin; empty: any
}

// placement is the CPUs of the two sides of a run.
type placement struct {
	loops  int
	client []int // CPUs of the loops, round robin; empty: not pinned
	testee []int // CPUs of the built-in testee
}

// placements has one for each place where the testee can be.
type placements struct{ remote, local, builtin placement }

func (r loopRequest) all(allowed []int) (p placements, err error) {
	if err := r.check(allowed); err != nil {
		return p, err
	}
	return placements{remote: r.shared(allowed), local: r.mixed(allowed), builtin: r.split(allowed)}, nil
}

// against returns the placement for a testee at that address.
func (p placements) against(testee netip.Addr) placement {
	if host.IsLocal(testee.Unmap()) {
		return p.local
	}
	return p.remote
}

// shared gives the loops all allowed CPUs: the testee runs on another machine.
func (r loopRequest) shared(allowed []int) placement {
	return r.place(allowed, len(allowed), first)
}

// split leaves CPUs to the built-in testee.
func (r loopRequest) split(allowed []int) placement {
	return r.place(allowed, halfOf(allowed), last)
}

// mixed pins no loop beside a testee on this machine, unless the user asks for a number of
// them or for CPUs. How many CPUs the testee uses is not known: loops pinned to every CPU
// take a seventh to a third of the rate from one of a single thread, and loops pinned to
// half of them as much from one of several threads. Loops that are not pinned let the
// kernel balance both sides (host.BatchThread).
func (r loopRequest) mixed(allowed []int) placement {
	if r.loops == LoopPerCPU && len(r.cpus) == 0 {
		return placement{loops: len(allowed)}
	}
	return r.split(allowed)
}

// BesideTestee returns the CPUs for loops that are pinned beside a testee on this machine:
// the last half, rounded down, because the client is the cheaper side of a handshake. A
// testee that is pinned is so most often from the first CPU on.
func BesideTestee(allowed []int) []int { return last(allowed, halfOf(allowed)) }

func halfOf(cpus []int) int { return max(1, len(cpus)/2) }

func first(cpus []int, n int) []int { return cpus[:min(n, len(cpus))] }

func last(cpus []int, n int) []int { return cpus[max(0, len(cpus)-n):] }

// place gives the loops the usual number of CPUs unless the user asked for another, and
// chooses them unless the user has.
func (r loopRequest) place(allowed []int, usual int, choose func(cpus []int, n int) []int) placement {
	var p placement
	switch {
	case r.loops == 0:
		p = placement{loops: 1}
	case len(r.cpus) > 0:
		p = placement{loops: len(r.cpus), client: r.cpus}
	case r.loops > 0:
		p = placement{client: choose(allowed, r.loops)}
	default:
		p = placement{loops: usual, client: choose(allowed, usual)}
	}
	if r.loops > 0 {
		p.loops = r.loops
	}
	p.testee = others(allowed, p.client)
	return p
}

func (r loopRequest) check(allowed []int) error {
	if err := CheckAllowed(r.cpus, allowed); err != nil {
		return err
	}
	switch {
	case r.loops == 0 && len(r.cpus) > 0:
		return errors.New("0 loops means one loop that is not pinned: CPUs cannot be given with it")
	case r.loops > 0 && r.loops < len(r.cpus):
		return fmt.Errorf("%d loops cannot use %d CPUs: give as many loops, or fewer CPUs", r.loops, len(r.cpus))
	}
	return nil
}

// CheckAllowed reports the first CPU that the process may not use.
func CheckAllowed(cpus, allowed []int) error {
	for _, cpu := range cpus {
		if !slices.Contains(allowed, cpu) {
			return fmt.Errorf("CPU %d is not allowed for this process: must be one of %s", cpu, host.FormatCPUs(allowed))
		}
	}
	return nil
}

// others returns the allowed CPUs that the client does not use, or all if none is left.
func others(allowed, client []int) []int {
	var left []int
	for _, cpu := range allowed {
		if !slices.Contains(client, cpu) {
			left = append(left, cpu)
		}
	}
	if len(left) == 0 || len(client) == 0 {
		return allowed
	}
	return left
}
