package engine

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// The calls in this file never sleep: the sockets are non-blocking. They therefore go
// through RawSyscall6, which does not tell the scheduler. With Syscall, each connect(2)
// is long enough for the scheduler's monitor to take the loop's P away (measured:
// 1.12-1.25x the CPU per handshake). RawSyscall6 of package syscall is used because
// that of x/sys/unix, and RawSyscall of either, reach it through up to three more calls
// (0.2 us of user space per handshake).
//
// The functions here that the hot path calls are small enough to be inlined (see
// `go build -gcflags=-m ./engine`): that saves 7 % of user space, as measured. The
// returns are the probable reason: calls within the kernel evict ours from the CPU's
// return stack.

// endpoint is an address in the form that connect(2) and bind(2) take.
type endpoint struct {
	family int
	len    uintptr
	raw    unix.RawSockaddrInet6 // for AF_INET, a RawSockaddrInet4 at its beginning
}

// newEndpoint fails if an IPv6 zone names no interface.
func newEndpoint(addr netip.AddrPort) (*endpoint, error) {
	ip := addr.Addr().Unmap()
	if ip.Is4() {
		return newEndpoint4(ip, addr.Port()), nil
	}
	d := &endpoint{family: unix.AF_INET6, len: unix.SizeofSockaddrInet6}
	d.raw.Family = unix.AF_INET6
	d.raw.Port = bigEndian16(addr.Port())
	d.raw.Addr = ip.As16()
	if zone := ip.Zone(); zone != "" {
		index, err := host.Interface(zone)
		if err != nil {
			return nil, err
		}
		d.raw.Scope_id = uint32(index)
	}
	return d, nil
}

func newEndpoint4(ip netip.Addr, port uint16) *endpoint {
	d := &endpoint{family: unix.AF_INET, len: unix.SizeofSockaddrInet4}
	sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&d.raw))
	sa.Family = unix.AF_INET
	sa.Port = bigEndian16(port)
	sa.Addr = ip.As4()
	return d
}

// bigEndian16 converts v to network byte order (htons(3)).
func bigEndian16(v uint16) uint16 {
	b := [2]byte{byte(v >> 8), byte(v)}
	return *(*uint16)(unsafe.Pointer(&b))
}

// openSocket returns a non-blocking TCP socket that no child inherits.
func openSocket(family int) (fd int32, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_SOCKET, uintptr(family),
		unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0, 0, 0)
	return int32(r), errno
}

// connectSocket begins the TCP handshake; EINPROGRESS is its usual answer.
func connectSocket(fd int32, to *endpoint) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&to.raw)), to.len, 0, 0, 0)
	return errno
}

// bindSocket sets the source address of the socket and leaves the port to connect(2)
// (ip(7), IP_BIND_ADDRESS_NO_PORT, since Linux 4.2). A port chosen by bind(2) would
// have to be free for all destinations; connect(2) needs one that is free for its own.
func bindSocket(fd int32, from *endpoint) unix.Errno {
	on := int32(1)
	errno := setsockopt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, unsafe.Pointer(&on), unsafe.Sizeof(on))
	if errno != 0 {
		return errno
	}
	_, _, errno = syscall.RawSyscall6(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&from.raw)), from.len, 0, 0, 0)
	return errno
}

// setNoDelay turns Nagle's algorithm off (tcp(7), TCP_NODELAY). It would hold the end of
// a request of several segments back until the others are acknowledged.
func setNoDelay(fd int32) unix.Errno {
	on := int32(1)
	return setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, unsafe.Pointer(&on), unsafe.Sizeof(on))
}

// setLocalPort restricts connect(2) to that port; 0 lifts the restriction (ip(7),
// IP_LOCAL_PORT_RANGE, since Linux 6.3; the lower bound is in the low 16 bits).
func setLocalPort(fd int32, port uint16) unix.Errno {
	bounds := uint32(port) | uint32(port)<<16
	return setsockopt(fd, unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, unsafe.Pointer(&bounds), unsafe.Sizeof(bounds))
}

// setAbortive makes close(2) send an RST (socket(7), SO_LINGER with 0), so that a
// connection that wsperf has to end first does not keep its port in TIME_WAIT.
func setAbortive(fd int32) unix.Errno {
	l := unix.Linger{Onoff: 1, Linger: 0}
	return setsockopt(fd, unix.SOL_SOCKET, unix.SO_LINGER, unsafe.Pointer(&l), unsafe.Sizeof(l))
}

func setsockopt(fd int32, level, name uintptr, value unsafe.Pointer, size uintptr) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), level, name, uintptr(value), size, 0)
	return errno
}

// socketError returns and clears the pending error of a socket (socket(7), SO_ERROR).
func socketError(fd int32) unix.Errno {
	var value int32
	size := uint32(unsafe.Sizeof(value))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&value)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return unix.Errno(value)
}

// isItsOwnPeer reports a self-connect: both ends of the connection are this socket. If
// nobody listens on a port and connect(2) chooses the same one as source, the SYN
// arrives at the socket that sent it. TCP takes that for a simultaneous open (RFC 9293
// section 3.5): the connection is established, and what is written can be read back.
func isItsOwnPeer(fd int32, to *endpoint) bool {
	var own unix.RawSockaddrInet6
	size := uint32(unsafe.Sizeof(own))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&own)), uintptr(unsafe.Pointer(&size)), 0, 0, 0)
	if errno != 0 || own.Port != to.raw.Port {
		return false
	}
	if to.family == unix.AF_INET {
		return *(*unix.RawSockaddrInet4)(unsafe.Pointer(&own)) == *(*unix.RawSockaddrInet4)(unsafe.Pointer(&to.raw))
	}
	return own.Addr == to.raw.Addr
}

// sendSocket writes as much of b as the socket takes. b must not be empty; n is valid
// only if errno is 0. MSG_NOSIGNAL: a closed connection is EPIPE and no signal. EINTR
// cannot happen: only calls that sleep are interrupted (signal(7)).
func sendSocket(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return int(r), errno
}

// receiveSocket reads what has arrived, like sendSocket otherwise. n == 0 without an
// errno is the testee's FIN.
func receiveSocket(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), 0, 0, 0)
	return int(r), errno
}

// finishSocket sends our FIN after the testee's, and reports whether it has been
// acknowledged. If so, the connection is closed, and a second shutdown(2) returns
// ENOTCONN.
func finishSocket(fd int32) bool {
	if errno := shutdownSocket(fd); errno != 0 {
		return errno == unix.ENOTCONN
	}
	return shutdownSocket(fd) == unix.ENOTCONN
}

func shutdownSocket(fd int32) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0, 0, 0, 0)
	return errno
}

// disconnectSocket dissolves the association of a socket whose connection is closed, so
// that it can be connected again (connect(2), AF_UNSPEC). A connection that is not
// closed would be dropped, with an RST or without telling the testee.
func disconnectSocket(fd int32) unix.Errno {
	unspec := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := syscall.RawSyscall6(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspec)), unsafe.Sizeof(unspec), 0, 0, 0)
	return errno
}

// hasTimestamps reports whether both ends of a connection use TCP timestamps (RFC
// 7323). tcpi_options is the sixth byte of struct tcp_info (tcp(7), TCP_INFO).
func hasTimestamps(fd int32) bool {
	var info [8]byte
	size := uint32(len(info))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return errno == 0 && info[5]&tcpiOptTimestamps != 0
}

// tcpiOptTimestamps is TCPI_OPT_TIMESTAMPS (include/uapi/linux/tcp.h).
const tcpiOptTimestamps = 1

// closeSocket ignores errors: the descriptor is released in any case (close(2), NOTES).
func closeSocket(fd int32) {
	syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
}
