package engine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// interest is registered once per connection and never modified. Edge
// triggered, so that a socket that stays writable costs nothing (epoll(7)).
const interest = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// Event flags by what they say. A pending error or a connection that is closed
// both ways is always reported, interest or not (epoll_ctl(2)).
const (
	flagWritable = unix.EPOLLOUT
	flagReadable = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLERR | unix.EPOLLHUP
	flagFIN      = unix.EPOLLRDHUP
	flagBroken   = unix.EPOLLERR | unix.EPOLLHUP
)

// poller is one epoll instance. Events carry the slot's index and generation:
// no map from descriptors, and an event of a reused slot is recognised.
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

// add registers a socket of a slot. close(2) of the socket takes it out again.
func (p *poller) add(fd, slot int32, generation uint32) unix.Errno {
	ev := unix.EpollEvent{Events: interest, Fd: slot, Pad: int32(generation)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), unix.EPOLL_CTL_ADD, uintptr(fd),
		uintptr(unsafe.Pointer(&ev)), 0, 0)
	return errno
}

// poll returns the events that are there now. With timeout 0 epoll_wait(2)
// cannot sleep, so it is a raw call.
func (p *poller) poll() []unix.EpollEvent {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), 0, 0, 0)
	return p.events[:p.count(int(n), errno)]
}

// wait sleeps until there are events or the milliseconds are over. It may
// sleep, so the scheduler has to know: a raw call here would freeze the process.
func (p *poller) wait(ms int) []unix.EpollEvent {
	n, err := unix.EpollWait(p.fd, p.events, ms)
	errno, _ := err.(unix.Errno)
	return p.events[:p.count(n, errno)]
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
