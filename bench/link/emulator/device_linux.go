package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
)

// deviceQueue is how many packets of the kernel wait for the thread at most. A burst of
// 10000 connections fits.
const deviceQueue = 20000

// device is a TUN device: an interface of a namespace whose packets this process reads
// and writes (Documentation/networking/tuntap.rst).
type device struct{ fd int }

// deviceName is the name of the interface in each namespace.
const deviceName = "link0"

// newDevice makes an interface with those addresses. It is in the namespace in which
// /dev/net/tun is opened.
func newDevice(n *netns.Namespace, mtu int, addresses ...netip.Prefix) (*device, error) {
	d := &device{fd: -1}
	err := n.Do(func() error {
		if err := d.open(); err != nil {
			return err
		}
		return configure(mtu, addresses)
	})
	if err != nil {
		d.close()
		return nil, fmt.Errorf("TUN device: %w", err)
	}
	return d, nil
}

func (d *device) open() (err error) {
	d.fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("/dev/net/tun is missing (modprobe tun, or docker run --device /dev/net/tun): %w", err)
	}
	if err != nil {
		return fmt.Errorf("open /dev/net/tun (run as root): %w", err)
	}
	request, err := unix.NewIfreq(deviceName)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	return unix.IoctlIfreq(d.fd, unix.TUNSETIFF, request)
}

func configure(mtu int, addresses []netip.Prefix) error {
	if err := netns.SetMTU(deviceName, mtu); err != nil {
		return err
	}
	if err := netns.SetQueue(deviceName, deviceQueue); err != nil {
		return err
	}
	for _, a := range addresses {
		if a.Addr().Is6() && mtu < minMTU6 {
			continue
		}
		if err := netns.AddAddress(deviceName, a); err != nil {
			return err
		}
	}
	if err := netns.SetFlags(deviceName, unix.IFF_UP); err != nil {
		return err
	}
	return netns.Await(deviceName)
}

func (d *device) close() {
	if d.fd >= 0 {
		_ = unix.Close(d.fd) // nothing is buffered
		d.fd = -1
	}
}
