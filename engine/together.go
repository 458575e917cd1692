package engine

import (
	"math"

	"wsperf/engine/host"
)

// Together returns the warnings about limits that processes share, if that many processes
// make a run of this configuration each, at the same time. What limits each process by
// itself is left to its Prepare. As Prepare does, Together raises the descriptor limit.
func Together(cfg Config, processes int) ([]Warning, error) {
	available, err := host.RaiseFDLimit()
	if err != nil {
		return nil, err
	}
	sum := cfg.times(processes)
	f := readFacts(&sum, times(max(0, available-cfg.Loops), processes))
	return sharedWarnings(&sum, f), nil
}

// sharedWarnings compares the sum of several runs with the limits that are not of a process.
func sharedWarnings(sum *Config, f facts) []Warning {
	f.Memory.AddressSpace = host.Unknown
	return warningsOf(sharedChecks, sum, &f)
}

// times returns the configuration of a run that does what n runs do.
func (c Config) times(n int) Config {
	c.Loops = times(c.Loops, n)
	c.Connections, c.WarmupConnections = times(c.Connections, n), times(c.WarmupConnections, n)
	c.Low, c.High = times(c.Low, n), times(c.High, n)
	return c
}

// times returns n times x, unless that overflows: then about the largest int.
func times[T int | int64](x T, n int) T { return min(x, math.MaxInt/T(n)) * T(n) }
