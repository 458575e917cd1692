package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wsperf/engine/host"
)

const wantCPUs = "must be a list such as 1,3 or 0-3,6"

// ParseCPUs reads a list such as "1,3" or "0-3,6" (cpuset(7), "List format").
// It keeps the order. A CPU may be named once.
func ParseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, err := parseRange(part)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, wantCPUs)
		}
		for cpu := first; cpu <= last; cpu++ {
			if slices.Contains(cpus, cpu) {
				return nil, fmt.Errorf("CPU %d is named twice: must be named once", cpu)
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
	case cpu >= host.MaxCPUs:
		return 0, fmt.Errorf("CPU %d is above %d", cpu, host.MaxCPUs-1)
	}
	return int(cpu), nil
}
