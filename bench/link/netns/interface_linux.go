package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
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

// addAddress6 adds an address without Duplicate Address Detection, which takes a second
// (RFC 4862 section 5.4). It is off if the settings of all interfaces and of this one say so
// (Documentation/networking/ip-sysctl.rst, accept_dad).
func addAddress6(name string, address netip.Prefix) error {
	for _, which := range []string{"all", name} {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/accept_dad", []byte("0"), 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
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

// usableWithin bounds the time until addresses are usable, which takes milliseconds.
const usableWithin = 10 * time.Second

// Await waits until the IPv6 addresses of an interface that is up can be used. Until the
// kernel has looked at a new one, which it does in the background, the address is
// tentative, and connect(2) takes the source ::1 instead.
func Await(name string) error {
	for deadline := time.Now().Add(usableWithin); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile("/proc/thread-self/net/if_inet6")
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a kernel without IPv6
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !hasTentative(string(text), name) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: an IPv6 address is still tentative after %v", name, usableWithin)
		}
	}
}

// globalScope is the scope of an address that is not link-local, as if_inet6 writes it.
const globalScope = "00"

// hasTentative reads /proc/net/if_inet6 (net/ipv6/addrconf.c, if6_seq_show): a line is
// address, index, prefix length, scope, flags, all hexadecimal, and the interface. It
// skips the link-local address, which the kernel adds itself, and which nobody uses.
func hasTentative(text, name string) bool {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 6 || f[5] != name || f[3] != globalScope {
			continue
		}
		if flags, err := strconv.ParseUint(f[4], 16, 32); err != nil || flags&unix.IFA_F_TENTATIVE != 0 {
			return true
		}
	}
	return false
}

// Dropped returns how many packets that an interface was to transmit were dropped: of the
// 16 counters in /proc/net/dev (proc_pid_net(5)), the 4th of those for transmission.
func Dropped(name string) (packets int, err error) {
	text, err := os.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		return 0, err
	}
	return droppedOf(string(text), name)
}

func droppedOf(text, name string) (packets int, err error) {
	const counters, transmitDrop = 16, 8 + 3
	for line := range strings.Lines(text) {
		device, numbers, found := strings.Cut(strings.TrimSpace(line), ":")
		if f := strings.Fields(numbers); found && device == name && len(f) == counters {
			return strconv.Atoi(f[transmitDrop])
		}
	}
	return 0, fmt.Errorf("%s: not in /proc/net/dev", name)
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
