package engine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reservedFDs are kept back from the connections: result files, pipes of child
// processes, and what the Go runtime opens by itself.
const reservedFDs = 32

// raiseFDLimit raises the soft limit of descriptors to the hard one
// (getrlimit(2), RLIMIT_NOFILE) and returns how many more can be opened.
func raiseFDLimit() (available int, err error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read descriptor limit: %w", err)
	}
	if limit.Cur < limit.Max {
		raised := unix.Rlimit{Cur: limit.Max, Max: limit.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			limit = raised // refused: the soft limit is what there is
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, fmt.Errorf("count open descriptors: %w", err)
	}
	const most = 1 << 30 // "unlimited" must not overflow an int32 slot index
	return int(min(limit.Cur, most)) - len(open) - reservedFDs, nil
}

// localPorts returns the ports that connect(2) chooses from (ip(7),
// ip_local_port_range); Linux's default where that cannot be read.
func localPorts() (low, high uint16) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Sscan(string(text), &low, &high)
	}
	if err != nil {
		return 32768, 60999
	}
	return low, high
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
