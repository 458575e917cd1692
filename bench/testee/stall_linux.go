package testee

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

var errNotListening = errors.New("no socket of this process listens there")

// limitStalls makes the kernel end a connection when output has waited for
// timeout without progress, because the client's window is closed or the client
// does not acknowledge (tcp(7), TCP_USER_TIMEOUT).
func limitStalls(addr net.Addr, timeout time.Duration) error {
	return setInherited(addr, "TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
}

// sendAtOnce has small output not wait for the acknowledgement of earlier output
// (tcp(7), TCP_NODELAY).
func sendAtOnce(addr net.Addr) error {
	return setInherited(addr, "TCP_NODELAY", unix.TCP_NODELAY, 1)
}

// setInherited sets an option of the sockets that listen on addr. Accepted sockets
// inherit it, so it costs no system call per connection. evio does not expose its
// listening sockets, so setInherited searches the process's descriptors for them.
func setInherited(addr net.Addr, name string, option, value int) error {
	fds, err := listeningOn(addr.(*net.TCPAddr).AddrPort())
	if err == nil && len(fds) == 0 {
		err = errNotListening
	}
	for _, fd := range fds {
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, option, value)
		}
	}
	if err != nil {
		return fmt.Errorf("set %s of the sockets that listen on %v: %w", name, addr, err)
	}
	return nil
}

// listeningOn returns this process's descriptors of sockets that listen on at.
func listeningOn(at netip.AddrPort) (fds []int, err error) {
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	entries, err := os.ReadDir("/proc/self/fd") // proc(5): the names are the descriptors
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err == nil && isListening(fd) && localAddr(fd) == at {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}

// isListening reports false for a descriptor that is not a socket.
func isListening(fd int) bool {
	on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && on != 0
}

// localAddr returns the zero value for a descriptor that is not an IPv4 or IPv6
// socket.
func localAddr(fd int) netip.AddrPort {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
