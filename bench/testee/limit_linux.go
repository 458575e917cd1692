package testee

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// Descriptors kept free: reservedPerLoop covers a loop's epoll and wake
// descriptors, two listeners of two descriptors each, both ends of its control
// connection, and the connections that are accepted but not yet refused. evio
// accepts one connection per epoll_wait and refuses it in the next round or the
// one after, so eight are plenty. reservedPerProcess is for standard streams,
// the runtime, and a few files of the program around.
const (
	reservedPerLoop    = 16
	reservedPerProcess = 64
)

// connectionLimit returns how many connections may be open at a time. It raises
// the soft limit of descriptors to the hard one first.
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

// raiseDescriptorLimit raises the soft limit of open descriptors as far as an
// unprivileged process may (setrlimit(2)) and returns it.
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
