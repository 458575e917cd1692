package host

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reservedFDs are kept back from the connections: for result files, pipes of child
// processes, and what the Go runtime opens by itself.
const reservedFDs = 32

// maxFDs caps what an unlimited descriptor limit reports, so that a slot index
// fits an int32.
const maxFDs = 1 << 30

// RaiseFDLimit raises the soft limit of descriptors to the hard one (getrlimit(2),
// RLIMIT_NOFILE) and returns how many more descriptors connections can use.
func RaiseFDLimit() (available int, err error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read descriptor limit: %w", err)
	}
	if limit.Cur < limit.Max {
		raised := unix.Rlimit{Cur: limit.Max, Max: limit.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			limit = raised // if it was refused, the soft limit stands
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, fmt.Errorf("count open descriptors: %w", err)
	}
	return int(min(limit.Cur, maxFDs)) - len(open) - reservedFDs, nil
}
