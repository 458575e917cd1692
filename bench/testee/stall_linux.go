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

// errNotListening is when no socket of the process listens where it should.
var errNotListening = errors.New("no socket of this process listens there")

// limitStalls has the kernel end a connection whose client takes nothing of
// what waits for it for that long, be it by a closed window or by silence
// (tcp(7), TCP_USER_TIMEOUT). An accepted socket is a copy of the listening one
// with its options, so that it costs a connection nothing. evio does not show
// its listening sockets, so they are looked for: all that listen on addr.
func limitStalls(addr net.Addr, timeout time.Duration) error {
	fds, err := listeningOn(addr.(*net.TCPAddr).AddrPort())
	if err == nil && len(fds) == 0 {
		err = errNotListening
	}
	for _, fd := range fds {
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
		}
	}
	if err != nil {
		return fmt.Errorf("set a time limit on the sockets that listen on %v: %w", addr, err)
	}
	return nil
}

// listeningOn returns the descriptors of this process's sockets that listen on at.
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

// isListening is false for what is no socket.
func isListening(fd int) bool {
	on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && on != 0
}

// localAddr returns the zero value for what is no socket of TCP.
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
