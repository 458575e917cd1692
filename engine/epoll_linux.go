package engine

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is one epoll instance. Events carry the slot's index and generation:
// no map from descriptors, and an event of a closed socket is recognised.
type poller struct {
	fd     int
	events []unix.EpollEvent
}

func newPoller(eventsPerWait int) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll fd: %w", err)
	}
	return &poller{fd: fd, events: make([]unix.EpollEvent, eventsPerWait)}, nil
}

func (p *poller) close() { unix.Close(p.fd) }

// control registers a socket (EPOLL_CTL_ADD), or changes what it is registered
// for (EPOLL_CTL_MOD); what is true already is reported anew. close(2) of the
// socket takes it out again.
func (p *poller) control(operation uintptr, fd int32, ev *unix.EpollEvent) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), operation, uintptr(fd),
		uintptr(unsafe.Pointer(ev)), 0, 0)
	return errno
}

// poll returns the events that are there now.
func (p *poller) poll() []unix.EpollEvent { return p.wait(0) }

// wait sleeps until there are events or the time is over, or, without events, until a
// signal comes. epoll_wait counts in milliseconds: the time is rounded up, as a sleep
// that ends before a deadline would be followed by another one.
//
// It is a raw call: the scheduler thinks that the loop runs. A sleep that it
// knows of costs more than the sleep: its monitor wakes every 20 microseconds to
// take the P of a thread that sleeps in a system call away, goes on doing so for
// a while after, and the loop has to get a P back. Whoever needs all goroutines to
// stand still is not held up: the runtime sends a signal to a goroutine that
// does not stop by itself, every 100 microseconds until it does, and epoll_wait
// is never resumed after one (signal(7)). Where it is told not to
// (GODEBUG=asyncpreemptoff=1), they wait for the sleep's end.
func (p *poller) wait(ns int64) []unix.EpollEvent {
	ms := (ns + int64(time.Millisecond) - 1) / int64(time.Millisecond)
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(ms), 0, 0)
	return p.events[:p.count(int(n), errno)]
}

// count handles epoll_wait's errors: EINTR is a signal before any event; the
// others (EBADF, EFAULT, EINVAL) are mistakes of ours.
func (p *poller) count(n int, errno unix.Errno) int {
	switch errno {
	case 0:
		return n
	case unix.EINTR:
		return 0
	}
	panic(fmt.Sprintf("epoll_wait: %v", errno))
}
