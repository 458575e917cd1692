package testee

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// Reserved descriptors. reservedPerLoop covers the loop's epoll and eventfd
// descriptors, two listeners with two descriptors each, both ends of its control
// connection, and eight connections that are accepted but not yet refused: evio
// accepts one connection per epoll_wait and refuses it in the next round or the
// one after. reservedPerProcess covers standard streams, the Go runtime, and a few
// files of the program that uses this package.
const (
	reservedPerLoop    = 16
	reservedPerProcess = 64
)

// connectionLimit returns how many connections may be open at a time, after it
// has raised the soft limit of descriptors to the hard limit.
func connectionLimit(c *Config) (int, error) {
	descriptors, err := raiseDescriptorLimit()
	if err != nil {
		return 0, err
	}
	limit := descriptors - reservedPerProcess - c.Loops*reservedPerLoop
	switch {
	case limit < 1:
		return 0, fmt.Errorf("limit of %d descriptors: too low for %d loops, raise it (ulimit -n) or run fewer", descriptors, c.Loops)
	case c.MaxConnections > limit:
		return 0, fmt.Errorf("connections at a time %d: the limit of %d descriptors (ulimit -n) allows at most %d", c.MaxConnections, descriptors, limit)
	case c.MaxConnections > 0:
		return c.MaxConnections, nil
	}
	return limit, nil
}

// raiseDescriptorLimit raises the soft limit of descriptors to the hard limit,
// which needs no privilege (setrlimit(2)), and returns it.
func raiseDescriptorLimit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of descriptors: %w", err)
	}
	if limit.Cur < limit.Max {
		limit.Cur = limit.Max
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return 0, fmt.Errorf("raise the limit of descriptors to %d: %w", limit.Max, err)
		}
	}
	return int(min(limit.Cur, math.MaxInt32)), nil
}
