package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxCPU is the highest CPU number of a cpu_set_t, less one (CPU_SETSIZE, CPU_SET(3)).
const maxCPU = 1023

// parseCPUs reads a list such as "1,3" or "0-3,6" (cpuset(7), "List format").
// The order is kept; a CPU may be named once.
func parseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, err := parseRange(part)
		if err != nil {
			return nil, fmt.Errorf("CPUs %q: %w: must be a list such as 1,3 or 0-3,6", list, err)
		}
		for cpu := first; cpu <= last; cpu++ {
			if slices.Contains(cpus, cpu) {
				return nil, fmt.Errorf("CPUs %q: CPU %d is named twice: must be named once", list, cpu)
			}
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

func parseRange(part string) (first, last int, err error) {
	from, to, isRange := strings.Cut(part, "-")
	if first, err = parseCPU(from); err != nil {
		return 0, 0, err
	}
	if !isRange {
		return first, first, nil
	}
	if last, err = parseCPU(to); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, fmt.Errorf("the range %q runs backwards", part)
	}
	return first, last, nil
}

func parseCPU(s string) (int, error) {
	cpu, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	switch {
	case s == "":
		return 0, errors.New("a CPU number is missing")
	case err != nil:
		return 0, fmt.Errorf("%q is not a CPU number", s)
	case cpu > maxCPU:
		return 0, fmt.Errorf("CPU %d is above %d", cpu, maxCPU)
	}
	return int(cpu), nil
}

// placement says which CPUs the two sides of a run use.
type placement struct {
	loops  int
	client []int // CPUs of the loops, round robin; empty: not pinned
	testee []int // CPUs of the built-in testee
}

// defaultLoops asks for a loop per CPU.
const defaultLoops = -1

// wish is what the user asked for.
type wish struct {
	loops int   // defaultLoops, 0: one loop that is not pinned, or the number
	cpus  []int // of the loops; empty: any
}

// shared gives all allowed CPUs to the loops: the testee is somewhere else.
func (w wish) shared(allowed []int) (placement, error) {
	return w.place(allowed, len(allowed))
}

// split leaves CPUs to the built-in testee: the client has the first half,
// rounded down, as the client is the cheaper side of a handshake.
func (w wish) split(allowed []int) (placement, error) {
	return w.place(allowed, max(1, len(allowed)/2))
}

// place is the common part: half is how many of the allowed CPUs the loops get unless the user said otherwise.
func (w wish) place(allowed []int, half int) (placement, error) {
	if err := w.check(allowed); err != nil {
		return placement{}, err
	}
	var p placement
	switch {
	case w.loops == 0:
		p = placement{loops: 1}
	case len(w.cpus) > 0:
		p = placement{loops: len(w.cpus), client: w.cpus}
	case w.loops > 0:
		p = placement{client: allowed[:min(w.loops, len(allowed))]}
	default:
		p = placement{loops: half, client: allowed[:half]}
	}
	if w.loops > 0 {
		p.loops = w.loops
	}
	p.testee = others(allowed, p.client)
	return p, nil
}

func (w wish) check(allowed []int) error {
	for _, cpu := range w.cpus {
		if !slices.Contains(allowed, cpu) {
			return fmt.Errorf("CPU %d is not allowed for this process: must be one of %s", cpu, formatCPUs(allowed))
		}
	}
	switch {
	case w.loops == 0 && len(w.cpus) > 0:
		return errors.New("0 loops means one loop that is not pinned: CPUs cannot be given with it")
	case w.loops > 0 && w.loops < len(w.cpus):
		return fmt.Errorf("%d loops cannot use %d CPUs: give as many loops, or fewer CPUs", w.loops, len(w.cpus))
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

// formatCPUs is the reverse of parseCPUs for ascending lists: "0-3,6".
func formatCPUs(cpus []int) string {
	var parts []string
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		part := strconv.Itoa(cpus[i])
		if j > i {
			part += "-" + strconv.Itoa(cpus[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}
