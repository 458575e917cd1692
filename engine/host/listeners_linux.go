package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Listener is a socket of this network namespace that listens for TCP connections.
type Listener struct {
	Address netip.Addr // that it is bound to; unspecified: any
	V6Only  bool       // if Address is ::, IPv4 connections are not accepted (ipv6(7), IPV6_V6ONLY)
	Backlog int        // listen(2)'s, at most net.core.somaxconn: how many connections can wait for accept(2)
	Inode   uint32     // that /proc/PID/fd shows for the socket (proc_pid_fd(5))
	Queue   int        // how many wait; a full queue has Backlog+1 (sk_acceptq_is_full, include/net/sock.h)
}

// Listeners returns the sockets that listen on a port. It asks the kernel by sock_diag(7),
// which needs no privilege.
func Listeners(port uint16) (all []Listener, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if all, err = appendListenersOf(all, family, port); err != nil {
			return nil, fmt.Errorf("list listening sockets: %w", err)
		}
	}
	return all, nil
}

// ListenersFor returns which of the listeners connections to an address are for. The most
// specific ones get all connections; if they are several, because of SO_REUSEPORT, each
// gets a share (__inet_lookup_listener in net/ipv4/inet_hashtables.c, Linux 6.18).
// The device that a listener is bound to (SO_BINDTODEVICE) is not considered.
func ListenersFor(all []Listener, testee netip.Addr) (chosen []Listener) {
	testee = connectedTo(testee.Unmap().WithZone(""))
	best := 1
	for _, l := range all {
		match := l.match(testee)
		if match > best {
			best, chosen = match, nil
		}
		if match == best {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// connectedTo returns the address that connect(2) connects to: loopback if the given one is
// unspecified (IsLocal).
func connectedTo(a netip.Addr) netip.Addr {
	switch a {
	case netip.IPv4Unspecified():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case netip.IPv6Unspecified():
		return netip.IPv6Loopback()
	}
	return a
}

// match returns how well a listener matches the address of a connection, 0 if it does not.
func (l Listener) match(testee netip.Addr) int {
	switch {
	case l.Address == testee:
		return 3
	case l.Address.IsUnspecified() && l.Address.Is4() == testee.Is4():
		return 2
	case l.Address.IsUnspecified() && testee.Is4() && !l.V6Only:
		return 1
	}
	return 0
}

// Offsets in the messages of include/uapi/linux/inet_diag.h. Numbers are in host byte
// order, ports and addresses in network byte order.
const (
	requestBytes  = 56 // struct inet_diag_req_v2
	requestFamily = 0
	requestProto  = 1
	requestStates = 4
	requestPort   = 8 // id.idiag_sport

	answerBytes   = 72 // struct inet_diag_msg
	answerFamily  = 0
	answerAddress = 8  // id.idiag_src
	answerQueue   = 56 // idiag_rqueue; of a listener it is sk_ack_backlog (tcp_diag_get_info in net/ipv4/tcp_diag.c)
	answerBacklog = 60 // idiag_wqueue; of a listener it is sk_max_ack_backlog
	answerInode   = 68 // idiag_inode

	tcpListen       = 10 // TCP_LISTEN, include/net/tcp_states.h
	attributeV6Only = 11 // INET_DIAG_SKV6ONLY, which every answer for a listening IPv6 socket has
	attributeBytes  = 4  // struct nlattr, without its payload
)

// answerWithin bounds the wait for the kernel's answer, which comes at once.
var answerWithin = unix.Timeval{Sec: 1}

func appendListenersOf(all []Listener, family uint8, port uint16) ([]Listener, error) {
	d, err := openDiag(family, port)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return d.appendListeners(all)
}

// diag is a socket that lists the sockets that listen on a port, as often as it is asked.
type diag struct {
	fd              int
	request, buffer []byte
}

func openDiag(family uint8, port uint16) (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &answerWithin); err != nil {
		unix.Close(fd)
		return nil, err
	}
	// The kernel fills at most 32 KiB at once (netlink_recvmsg in net/netlink/af_netlink.c).
	return &diag{fd, listenersRequest(family, port), make([]byte, 32<<10)}, nil
}

func (d *diag) close() { unix.Close(d.fd) }

// listenersRequest asks for all sockets of a family that listen on a port.
func listenersRequest(family uint8, port uint16) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+requestBytes)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := b[unix.SizeofNlMsghdr:]
	body[requestFamily], body[requestProto] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(body[requestStates:], 1<<tcpListen)
	binary.BigEndian.PutUint16(body[requestPort:], port)
	return b
}

// appendListeners asks, and appends the answers until the message that says that there are no
// more (netlink(7)). It allocates nothing if the capacity suffices. After an error d must not
// be asked again: a late answer would be taken for one to the next question.
func (d *diag) appendListeners(all []Listener) ([]Listener, error) {
	if _, err := unix.Write(d.fd, d.request); err != nil { // without an address it goes to the kernel
		return nil, err
	}
	for {
		n, err := readDatagram(d.fd, d.buffer)
		if err != nil {
			return nil, err
		}
		for rest := d.buffer[:n]; len(rest) > 0; {
			var m message
			if m, rest, err = nextMessage(rest); err != nil {
				return nil, err
			}
			switch m.kind {
			case unix.NLMSG_DONE:
				return all, nil
			case unix.NLMSG_ERROR:
				return nil, refusal(m.body)
			case unix.SOCK_DIAG_BY_FAMILY:
				if l, ok := parseListener(m.body); ok {
					all = append(all, l)
				}
			}
		}
	}
}

// message is a part of a datagram (struct nlmsghdr in include/uapi/linux/netlink.h).
type message struct {
	kind uint16
	body []byte
}

// nextMessage returns the first message of a datagram, and what follows it.
// syscall.ParseNetlinkMessage does the same and allocates.
func nextMessage(datagram []byte) (m message, rest []byte, err error) {
	if len(datagram) < unix.SizeofNlMsghdr {
		return m, nil, unix.EINVAL
	}
	length := int64(binary.NativeEndian.Uint32(datagram))
	if length < unix.SizeofNlMsghdr || length > int64(len(datagram)) {
		return m, nil, unix.EINVAL
	}
	m = message{binary.NativeEndian.Uint16(datagram[4:]), datagram[unix.SizeofNlMsghdr:length]}
	return m, datagram[min(int64(len(datagram)), (length+3)&^3):], nil // aligned to 4 bytes (netlink(7))
}

// readDatagram reads one datagram. A signal to the thread interrupts the wait (signal(7)).
func readDatagram(fd int, buffer []byte) (n int, err error) {
	for {
		n, err = unix.Read(fd, buffer)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// refusal returns the error of a struct nlmsgerr, which begins with a negative errno.
func refusal(body []byte) error {
	if len(body) >= 4 {
		if errno := -int32(binary.NativeEndian.Uint32(body)); errno > 0 {
			return unix.Errno(errno)
		}
	}
	return errors.New("the kernel refuses without a reason")
}

// parseListener parses an answer: a struct inet_diag_msg and attributes.
func parseListener(body []byte) (l Listener, ok bool) {
	if len(body) < answerBytes {
		return l, false
	}
	address := body[answerAddress:]
	if body[answerFamily] == unix.AF_INET {
		l.Address = netip.AddrFrom4([4]byte(address))
	} else {
		l.Address = netip.AddrFrom16([16]byte(address)).Unmap()
	}
	l.Queue = int(binary.NativeEndian.Uint32(body[answerQueue:]))
	l.Backlog = int(binary.NativeEndian.Uint32(body[answerBacklog:]))
	l.Inode = binary.NativeEndian.Uint32(body[answerInode:])
	l.V6Only = hasV6Only(body[answerBytes:])
	return l, true
}

// hasV6Only looks for the attribute that says that IPV6_V6ONLY is set.
func hasV6Only(attributes []byte) bool {
	for len(attributes) > attributeBytes {
		length := int(binary.NativeEndian.Uint16(attributes))
		if length < attributeBytes || length > len(attributes) {
			return false
		}
		kind := binary.NativeEndian.Uint16(attributes[2:])
		if kind == attributeV6Only && length > attributeBytes {
			return attributes[attributeBytes] != 0
		}
		attributes = attributes[min(len(attributes), (length+3)&^3):] // aligned to 4 bytes (netlink(7))
	}
	return false
}
