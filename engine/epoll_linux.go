package engine

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is one epoll instance. Events carry the slot's index and generation, so no
// map from descriptors is needed, and a stale event of a closed socket is recognised.
type poller struct {
	fd      int
	events  []unix.EpollEvent
	timeout unix.Timespec // argument of epoll_pwait2
	coarse  bool          // the system has no epoll_pwait2
}

func newPoller(eventsPerWait int) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll fd: %w", err)
	}
	p := &poller{fd: fd, events: make([]unix.EpollEvent, eventsPerWait)}
	p.coarse = !p.hasPwait2()
	return p, nil
}

// hasPwait2 tries epoll_pwait2. Before Linux 5.11 it returns ENOSYS. A seccomp filter that
// does not know it may return EPERM.
func (p *poller) hasPwait2() bool {
	_, errno := p.pwait2()
	return errno == 0 || errno == unix.EINTR
}

func (p *poller) close() { unix.Close(p.fd) }

// control registers a socket (EPOLL_CTL_ADD), or changes the events that it is
// registered for (EPOLL_CTL_MOD). Both report conditions that hold already. close(2)
// removes the socket.
func (p *poller) control(operation uintptr, fd int32, ev *unix.EpollEvent) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), operation, uintptr(fd),
		uintptr(unsafe.Pointer(ev)), 0, 0)
	return errno
}

// poll returns the events that are pending, without sleeping.
func (p *poller) poll() []unix.EpollEvent { return p.wait(0) }

// wait returns the pending events. If there are none, it sleeps until one arrives, the
// time is over or a signal is delivered.
//
// It is a raw call: the scheduler takes the loop for running. A sleep that the
// scheduler knew of would cost more: its monitor would wake every 20 microseconds to
// take the P from the sleeping thread, go on waking for a while, and the loop would
// have to get a P back. A stop-the-world is not delayed: the runtime sends a preemption
// signal to a goroutine that does not stop by itself, every 100 microseconds until it
// does, and a signal handler always ends epoll_wait (signal(7)). With
// GODEBUG=asyncpreemptoff=1 the runtime sends none, and a stop-the-world waits for the
// end of the sleep.
func (p *poller) wait(ns int64) []unix.EpollEvent {
	if p.coarse {
		return p.waitMs(ns)
	}
	p.timeout = unix.NsecToTimespec(ns)
	n, errno := p.pwait2()
	return p.events[:p.count(n, errno)]
}

// pwait2 calls epoll_pwait2, which counts nanoseconds (Linux 5.11). How much later than
// that it returns is the thread's timer slack, and what the machine takes to wake up.
func (p *poller) pwait2() (n int, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&p.timeout)), 0, 0)
	return int(r), errno
}

// waitMs is wait with a call that counts milliseconds. The time is rounded up, because a
// sleep that ended before a deadline would be followed by another.
func (p *poller) waitMs(ns int64) []unix.EpollEvent {
	ms := (ns + int64(time.Millisecond) - 1) / int64(time.Millisecond)
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(ms), 0, 0)
	return p.events[:p.count(int(n), errno)]
}

// count handles the errors of epoll_wait. EINTR: a signal came before any event. The
// others (EBADF, EFAULT, EINVAL) are bugs.
func (p *poller) count(n int, errno unix.Errno) int {
	switch errno {
	case 0:
		return n
	case unix.EINTR:
		return 0
	}
	panic(fmt.Sprintf("epoll_wait: %v", errno))
}
