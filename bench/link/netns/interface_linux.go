package netns

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions in this file change an interface of the calling thread's namespace by
// ioctl(2) (netdevice(7)). Errors name the interface.

// SetFlags sets the flags of an interface, such as IFF_UP. To clear IFF_UP of an alias,
// such as lo:1, removes its address.
func SetFlags(name string, flags uint16) error {
	return control(name, unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(flags); return nil })
}

// SetMTU sets the length of the longest packet, in bytes. The least is 68 for IPv4 (RFC
// 791), and 1280 for an interface that has IPv6 (RFC 8200 section 5).
func SetMTU(name string, mtu int) error {
	return control(name, unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(uint32(mtu)); return nil })
}

// SetQueue sets how many packets wait for an interface at most (txqueuelen).
func SetQueue(name string, packets int) error {
	return control(name, unix.SIOCSIFTXQLEN, func(r *unix.Ifreq) error { r.SetUint32(uint32(packets)); return nil })
}

// AddAddress gives an interface an address with the prefix of its network. An interface
// has one IPv4 address, and an alias such as lo:1 another one.
func AddAddress(name string, address netip.Prefix) error {
	if address.Addr().Is6() {
		return addAddress6(name, address)
	}
	ip := address.Addr().As4()
	if err := control(name, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(ip[:]) }); err != nil {
		return err
	}
	mask := net.CIDRMask(address.Bits(), 32)
	return control(name, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask) })
}

// addAddress6 adds an address that can be used at once: without Duplicate Address
// Detection, which takes a second (RFC 4862 section 5.4).
func addAddress6(name string, address netip.Prefix) error {
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/accept_dad", []byte("0"), 0); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	request := struct { // struct in6_ifreq (ipv6(7))
		address [16]byte
		bits    uint32
		index   int32
	}{address.Addr().As16(), uint32(address.Bits()), int32(iface.Index)}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer unix.Close(fd)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFADDR, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("%s: add address %v: %w", name, address, errno)
	}
	return nil
}

func control(name string, request uint, fill func(*unix.Ifreq) error) error {
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = fill(r)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, request, r); err != nil {
		return fmt.Errorf("%s: %s: %w", name, requestNames[request], err)
	}
	return nil
}

var requestNames = map[uint]string{
	unix.SIOCSIFFLAGS: "set flags", unix.SIOCSIFMTU: "set MTU", unix.SIOCSIFTXQLEN: "set queue length",
	unix.SIOCSIFADDR: "set address", unix.SIOCSIFNETMASK: "set netmask",
}
