package host

import "golang.org/x/sys/unix"

// SchedStat is what the scheduler counts of a thread (Documentation/scheduler/sched-stats.rst,
// Linux 6.18). The zero value knows nothing.
type SchedStat struct {
	fd     int // -1 or 0: unknown
	buffer [64]byte
}

// OpenSchedStat opens that of the calling thread, which must be locked to its goroutine. Close
// gives its descriptor back.
func OpenSchedStat() *SchedStat {
	fd, err := unix.Open("/proc/thread-self/schedstat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		fd = -1 // a kernel without CONFIG_SCHED_INFO, or no /proc
	}
	return &SchedStat{fd: fd}
}

// WaitNs returns how long the thread has waited for a CPU although it could run, in
// nanoseconds, and 0 if that is not known. It allocates nothing.
func (s *SchedStat) WaitNs() int64 {
	if s == nil || s.fd <= 0 {
		return 0
	}
	n, err := unix.Pread(s.fd, s.buffer[:], 0)
	if err != nil {
		return 0
	}
	return secondNumber(s.buffer[:n])
}

// Close gives the descriptor back.
func (s *SchedStat) Close() {
	if s != nil && s.fd > 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// secondNumber returns the second of the decimal numbers in a line, 0 if there is none.
func secondNumber(line []byte) (n int64) {
	field := 0
	for _, c := range line {
		switch {
		case c == ' ':
			field++
		case field == 1 && c >= '0' && c <= '9':
			n = 10*n + int64(c-'0')
		}
	}
	return n
}
