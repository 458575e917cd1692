package host

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reservedFDs is how many descriptors connections may not use: they are for result
// files, pipes of child processes, the Go runtime, and observers.
const reservedFDs = 32

// maxFDs caps an unlimited descriptor limit, so that a slot index fits an int32.
const maxFDs = 1 << 30

// RaiseFDLimit raises the soft limit of descriptors to the hard one (getrlimit(2),
// RLIMIT_NOFILE) and returns how many more descriptors connections can use, which is 0
// or less if none is left.
func RaiseFDLimit() (available int, err error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read descriptor limit: %w", err)
	}
	if limit.Cur < limit.Max {
		raised := unix.Rlimit{Cur: limit.Max, Max: limit.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			limit = raised // if it is refused, the soft limit remains
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, fmt.Errorf("count open descriptors: %w", err)
	}
	return int(min(limit.Cur, maxFDs)) - len(open) - reservedFDs, nil
}

// Descriptors returns the soft limit of descriptors and how many are open; 0 if that cannot be
// read.
func Descriptors() (limit, open int64) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err == nil {
		limit = int64(min(l.Cur, maxFDs))
	}
	entries, _ := os.ReadDir("/proc/self/fd") // nil on failure
	return limit, int64(len(entries))
}
