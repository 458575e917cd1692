package main

import (
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// backlog is how many connections can wait for accept(2). The kernel lowers it to
// net.core.somaxconn, 4096 by default.
const backlog = 4096

// listenOn returns a listening socket and its address.
func listenOn(address string) (fd int, bound netip.AddrPort, err error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().Is4() {
		return -1, bound, fmt.Errorf("--listen %q: must be an IPv4 address and a port", address)
	}
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, bound, fmt.Errorf("open socket: %w", err)
	}
	if bound, err = bindAndListen(fd, a); err != nil {
		unix.Close(fd)
		return -1, bound, fmt.Errorf("listen on %v: %w", a, err)
	}
	return fd, bound, nil
}

func bindAndListen(fd int, a netip.AddrPort) (bound netip.AddrPort, err error) {
	// The port may have connections in TIME_WAIT, because the testee closes first.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return bound, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}); err != nil {
		return bound, err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return bound, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return bound, err
	}
	in4 := name.(*unix.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(in4.Port)), nil
}

// waiting returns how many connections are in a listener's accept queue: tcpi_unacked of a
// listening socket (tcp_get_info in net/ipv4/tcp.c, Linux 6.18).
func waiting(listener int) (int, error) {
	info, err := unix.GetsockoptTCPInfo(listener, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, fmt.Errorf("read the length of the accept queue: %w", err)
	}
	return int(info.Unacked), nil
}

// epoll waits for events of descriptors, which it reports by their number.
type epoll struct {
	fd     int
	events [64]unix.EpollEvent
}

func newEpoll() (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll fd: %w", err)
	}
	return &epoll{fd: fd}, nil
}

// watch reports each arrival at a descriptor once (EPOLLET, epoll(7)): each connection at a
// listener, each segment at a connection.
func (e *epoll) watch(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch descriptor: %w", err)
	}
	return nil
}

// wait sleeps until there are events, for the given time at most; -1: without a limit. It
// needs epoll_pwait2 (Linux 5.11), which counts nanoseconds.
func (e *epoll) wait(ns int64) ([]unix.EpollEvent, error) {
	var timeout *unix.Timespec
	if ns >= 0 {
		t := unix.NsecToTimespec(ns)
		timeout = &t
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(e.fd), uintptr(unsafe.Pointer(&e.events[0])),
		uintptr(len(e.events)), uintptr(unsafe.Pointer(timeout)), 0, 0)
	switch errno {
	case 0:
		return e.events[:n], nil
	case unix.EINTR:
		return nil, nil
	}
	return nil, fmt.Errorf("epoll_pwait2: %w", errno)
}
