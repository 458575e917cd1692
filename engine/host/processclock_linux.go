package host

import "golang.org/x/sys/unix"

// Clocks of the CPU time that a process has used, ended threads included
// (include/linux/posix-timers_types.h, kernel/time/posix-cpu-timers.c, Linux 6.18). Anybody may
// read those of any process.
const (
	clockBoth  = 0 // CPUCLOCK_PROF: user and system, on most kernels counted in ticks of a few ms
	clockUser  = 1 // CPUCLOCK_VIRT: user, counted like that
	clockSched = 2 // CPUCLOCK_SCHED: user and system, by the scheduler, in nanoseconds
)

// maxPID is above the number of any process (PID_MAX_LIMIT, include/linux/threads.h).
const maxPID = 4 << 20

// processClock returns a process's CPU time in nanoseconds. It allocates nothing.
func processClock(pid int, clock int32) (ns int64, err error) {
	if pid <= 0 || pid > maxPID { // 0 is this process, and a larger one would be another clock
		return 0, unix.EINVAL
	}
	var at unix.Timespec
	// clock_getcpuclockid(3) makes the number of the clock like that (make_process_cpuclock).
	err = unix.ClockGettime(int32(^pid)<<3|clock, &at)
	return at.Nano(), err
}

// cpuTime is the CPU time of a process so far, in nanoseconds.
type cpuTime struct{ total, user, both int64 }

// readCPUTime fails with EINVAL if there is no such process.
func readCPUTime(pid int) (t cpuTime, err error) {
	if t.both, err = processClock(pid, clockBoth); err != nil {
		return t, err
	}
	if t.user, err = processClock(pid, clockUser); err != nil {
		return t, err
	}
	t.total, err = processClock(pid, clockSched)
	return t, err
}

// split divides what was used since an earlier time into user and system. The ticks of that
// time say in which proportion. If there was none, those of the whole life of the process do.
func (t cpuTime) split(since cpuTime) (userNs, systemNs int64) {
	total := max(0, t.total-since.total)
	user, both := t.user-since.user, t.both-since.both
	if both <= 0 {
		user, both = t.user, t.both
	}
	if both <= 0 {
		return total, 0
	}
	userNs = int64(float64(total) * float64(min(max(user, 0), both)) / float64(both))
	return userNs, total - userNs
}
