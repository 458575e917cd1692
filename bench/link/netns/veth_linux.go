package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// End is an interface of a namespace and its addresses.
type End struct {
	Namespace *Namespace
	Name      string // at most 15 bytes
	Addresses []netip.Prefix
}

// Veth connects two namespaces by a pair of Ethernet devices (veth(4)), which are up. A
// packet that goes into one comes out of the other at once. The pair lives as long as
// both namespaces do.
func Veth(a, b End) error {
	err := a.Namespace.Do(func() error { return addVeth(a.Name, b.Name, int(b.Namespace.file.Fd())) })
	if err != nil {
		return fmt.Errorf("veth pair %s, %s: %w", a.Name, b.Name, err)
	}
	for _, step := range []func(End) error{End.configure, End.await} { // it has a carrier once both ends are up
		for _, end := range []End{a, b} {
			if err := end.Namespace.Do(func() error { return step(end) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e End) await() error { return Await(e.Name) }

func (e End) configure() error {
	for _, address := range e.Addresses {
		if err := AddAddress(e.Name, address); err != nil {
			return err
		}
	}
	return SetFlags(e.Name, unix.IFF_UP)
}

// vethInfoPeer is VETH_INFO_PEER (include/uapi/linux/veth.h).
const vethInfoPeer = 1

// addVeth adds a pair of which the peer is in another namespace (rtnetlink(7),
// RTM_NEWLINK).
func addVeth(name, peer string, peerNamespace int) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, vethMessage(name, peer, peerNamespace), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var reply [4096]byte
	n, _, err := unix.Recvfrom(fd, reply[:], 0)
	if err != nil {
		return err
	}
	return netlinkError(reply[:n])
}

func vethMessage(name, peer string, peerNamespace int) []byte {
	anyLink := make([]byte, unix.SizeofIfInfomsg)
	peerAttributes := append(anyLink, attribute(unix.IFLA_IFNAME, append([]byte(peer), 0))...)
	peerAttributes = append(peerAttributes, attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(peerNamespace)))...)
	info := attribute(unix.IFLA_INFO_KIND, []byte("veth\x00"))
	info = append(info, attribute(unix.IFLA_INFO_DATA, attribute(vethInfoPeer, peerAttributes))...)
	body := make([]byte, unix.SizeofIfInfomsg)
	body = append(body, attribute(unix.IFLA_IFNAME, append([]byte(name), 0))...)
	body = append(body, attribute(unix.IFLA_LINKINFO, info)...)

	header := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	header = binary.NativeEndian.AppendUint16(header, unix.RTM_NEWLINK)
	header = binary.NativeEndian.AppendUint16(header, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	header = append(header, make([]byte, 8)...) // sequence number and port: nobody else uses the socket
	return append(header, body...)
}

// attribute is a length, a type and a value, padded to 4 bytes (rtnetlink(7), struct rtattr).
func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	for len(b)%unix.RTA_ALIGNTO != 0 {
		b = append(b, 0)
	}
	return b
}

// netlinkError reads an NLMSG_ERROR message (netlink(7)): a header and a negative errno,
// 0 for success.
func netlinkError(reply []byte) error {
	if len(reply) < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(reply[4:]) != unix.NLMSG_ERROR {
		return errors.New("unexpected netlink answer")
	}
	if n := int32(binary.NativeEndian.Uint32(reply[unix.SizeofNlMsghdr:])); n != 0 {
		return unix.Errno(-n)
	}
	return nil
}
