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
	s, err := openSchedStat(unix.AT_FDCWD, "/proc/thread-self/schedstat")
	if err != nil {
		return &SchedStat{fd: -1} // a kernel without CONFIG_SCHED_INFO, or no /proc
	}
	return s
}

// openSchedStat opens the file of any thread, by its name in a folder that is open.
func openSchedStat(folder int, name string) (*SchedStat, error) {
	fd, err := unix.Openat(folder, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &SchedStat{fd: fd}, nil
}

// WaitNs returns how long the thread has waited for a CPU although it could run, in
// nanoseconds, and 0 if that is not known. It allocates nothing.
func (s *SchedStat) WaitNs() int64 {
	_, waitNs, _ := s.read()
	return waitNs
}

// read returns for how long the thread has run, and has waited for a CPU although it could
// run, in nanoseconds. It fails with ESRCH if the thread has ended. It allocates nothing.
func (s *SchedStat) read() (runNs, waitNs int64, err error) {
	if s == nil || s.fd <= 0 {
		return 0, 0, unix.EBADF
	}
	n, err := unix.Pread(s.fd, s.buffer[:], 0)
	if err != nil {
		return 0, 0, err
	}
	runNs, waitNs = firstTwo(s.buffer[:n])
	return runNs, waitNs, nil
}

// Close gives the descriptor back.
func (s *SchedStat) Close() {
	if s != nil && s.fd > 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// firstTwo returns the first two of the decimal numbers in a line, 0 for one that is missing.
func firstTwo(line []byte) (first, second int64) {
	var numbers [2]int64
	field := 0
	for _, c := range line {
		switch {
		case c == ' ':
			field++
		case field < len(numbers) && c >= '0' && c <= '9':
			numbers[field] = 10*numbers[field] + int64(c-'0')
		}
	}
	return numbers[0], numbers[1]
}
