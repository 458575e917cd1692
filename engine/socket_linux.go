package engine

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls in this file never sleep: the sockets are non-blocking. They
// therefore go through RawSyscall6, which does not tell the scheduler; with
// Syscall each connect(2) is long enough for the scheduler's monitor to take
// the loop's P away (measured: 1.12-1.25x the CPU per handshake). It is package
// syscall's, which the others come to by up to three calls more (0.2 us of user
// space per handshake).
//
// What the hot path calls of them is small enough to be inlined (`go build
// -gcflags=-m ./engine` tells): measured, 7 % of user space. Probably it is the
// returns: the kernel's own calls push ours out of the processor's return stack.

// endpoint is an address in the form that connect(2) and bind(2) take.
type endpoint struct {
	family int
	len    uintptr
	raw    unix.RawSockaddrInet6 // RawSockaddrInet4 is shorter and laid over it
}

// newEndpoint fails when an IPv6 zone names no interface.
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
		iface, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("zone of address %v: %w", addr.Addr(), err)
		}
		d.raw.Scope_id = uint32(iface.Index)
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

// bigEndian16 returns v so that it lies in network byte order in memory.
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

// bindSocket gives the socket its source address, and leaves the port to
// connect(2) (ip(7), IP_BIND_ADDRESS_NO_PORT, since Linux 4.2): one that is bound
// here would be taken for all testees, and be searched among them all.
func bindSocket(fd int32, from *endpoint) unix.Errno {
	on := int32(1)
	errno := setsockopt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, unsafe.Pointer(&on), unsafe.Sizeof(on))
	if errno != 0 {
		return errno
	}
	_, _, errno = syscall.RawSyscall6(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&from.raw)), from.len, 0, 0, 0)
	return errno
}

// setNoDelay turns Nagle's algorithm off (tcp(7)): a pong and the close frame
// must not wait for the acknowledgement of the request.
func setNoDelay(fd int32) unix.Errno {
	on := int32(1)
	return setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, unsafe.Pointer(&on), unsafe.Sizeof(on))
}

// setLocalPort has connect(2) choose that port and no other; 0: any again
// (ip(7), IP_LOCAL_PORT_RANGE, since Linux 6.3; the lower bound is in the low half).
func setLocalPort(fd int32, port uint16) unix.Errno {
	bounds := uint32(port) | uint32(port)<<16
	return setsockopt(fd, unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, unsafe.Pointer(&bounds), unsafe.Sizeof(bounds))
}

// setAbortive makes close(2) send an RST (socket(7), SO_LINGER with 0): a
// connection that wsperf has to end first must not hold its port in TIME_WAIT.
func setAbortive(fd int32) unix.Errno {
	l := unix.Linger{Onoff: 1, Linger: 0}
	return setsockopt(fd, unix.SOL_SOCKET, unix.SO_LINGER, unsafe.Pointer(&l), unsafe.Sizeof(l))
}

func setsockopt(fd int32, level, name uintptr, value unsafe.Pointer, size uintptr) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), level, name, uintptr(value), size, 0)
	return errno
}

// socketError takes the pending error of a socket (socket(7), SO_ERROR).
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

// isItsOwnPeer tells a connection whose two ends are one socket. Where nobody
// listens, a SYN that goes out from the very address and port that it is for
// comes in at the socket that sent it, as if both ends opened at once (RFC 9293
// section 3.5): the connection is established and echoes.
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

// sendSocket writes what the socket takes; with an errno n says nothing.
// MSG_NOSIGNAL: a testee that is gone is an errno, not a signal. EINTR is for calls
// that wait (signal(7)), which this one never does. b must not be empty.
func sendSocket(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return int(r), errno
}

// receiveSocket reads what is there; n == 0 without an errno is the testee's
// FIN. As sendSocket otherwise.
func receiveSocket(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := syscall.RawSyscall6(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), 0, 0, 0)
	return int(r), errno
}

// finishSocket sends our FIN, after the testee's, and reports whether it has been
// acknowledged: then the connection is gone, and a second shutdown(2) says so.
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

// disconnectSocket makes a socket whose connection is gone one that can be
// connected again (connect(2), AF_UNSPEC). Where the connection were not gone, it
// would be torn down without the testee being told, or with an RST.
func disconnectSocket(fd int32) unix.Errno {
	nowhere := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := syscall.RawSyscall6(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&nowhere)), unsafe.Sizeof(nowhere), 0, 0, 0)
	return errno
}

// hasTimestamps reports whether both ends of a connection use TCP timestamps
// (RFC 7323; tcp(7), TCP_INFO, of which the options are the sixth byte).
func hasTimestamps(fd int32) bool {
	var info [8]byte
	size := uint32(len(info))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return errno == 0 && info[5]&tcpiOptTimestamps != 0
}

// tcpiOptTimestamps is TCPI_OPT_TIMESTAMPS of linux/tcp.h.
const tcpiOptTimestamps = 1

// closeSocket gives the descriptor back. close(2): it is gone whatever is
// returned, so nothing is to be handled.
func closeSocket(fd int32) {
	syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
}
