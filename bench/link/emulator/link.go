package emulator

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
)

// Link connects two network namespaces. Its methods may be called from any goroutine.
type Link struct {
	Near, Far *netns.Namespace // with the addresses Near4 and Near6, Far4 and Far6

	cfg     Config
	began   time.Time
	devices []*device
	wake    int
	ended   chan struct{} // closed when the thread has ended

	mu     sync.Mutex // held by the thread while it passes packets
	down   bool
	record record
	cpu    time.Duration // of the thread, as of its last sleep
}

// New makes two namespaces and a link between them. The error of a process that may not
// do so says what it needs. If it fails, nothing is left open.
func New(cfg Config) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Link{cfg: cfg.withDefaults(), began: time.Now(), wake: -1, ended: make(chan struct{})}
	if err := l.open(); err != nil {
		l.release()
		return nil, err
	}
	go l.newForwarder().run()
	return l, nil
}

func (l *Link) open() (err error) {
	if l.Near, err = netns.New(); err != nil {
		return err
	}
	if l.Far, err = netns.New(); err != nil {
		return err
	}
	for _, end := range []struct {
		in        *netns.Namespace
		addresses []netip.Prefix
	}{{l.Near, []netip.Prefix{Near4, Near6}}, {l.Far, []netip.Prefix{Far4, Far6}}} {
		d, err := newDevice(end.in, l.cfg.MTU, end.addresses...)
		if err != nil {
			return err
		}
		l.devices = append(l.devices, d)
	}
	l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	return err
}

func (l *Link) newForwarder() *forwarder {
	near, far := l.devices[0], l.devices[1]
	return &forwarder{
		link: l, wake: l.wake, buffer: make([]byte, 1<<16),
		directions: [2]direction{
			{shaper: newShaper(l.cfg, 0), in: near, out: far},
			{shaper: newShaper(l.cfg, 1), in: far, out: near, fromFar: true},
		},
	}
}

// Down cuts the link: packets that come are dropped until Up. Those on their way are
// delivered.
func (l *Link) Down() { l.setDown(true) }

// Up ends a cut.
func (l *Link) Up() { l.setDown(false) }

func (l *Link) setDown(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

// Record returns the packets that have come so far, at most MaxRecord.
func (l *Link) Record() []Packet {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.record.packets)
}

// Cost is what the link itself did to a measurement across it.
type Cost struct {
	CPU     time.Duration // that the thread has used, and client and testee have not
	Dropped int           // packets that a kernel dropped because the thread was too slow; they are not in the record
}

// Cost returns the cost so far.
func (l *Link) Cost() (c Cost, err error) {
	for _, n := range []*netns.Namespace{l.Near, l.Far} {
		err := n.Do(func() error {
			dropped, err := netns.Dropped(deviceName)
			c.Dropped += dropped
			return err
		})
		if err != nil {
			return c, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.CPU = l.cpu
	return c, nil
}

// Close ends the thread and removes the devices. Packets on their way are dropped.
func (l *Link) Close() {
	one := [8]byte{1}
	_, _ = unix.Write(l.wake, one[:]) // a counter of 1 can always be written
	<-l.ended
	l.release()
}

func (l *Link) release() {
	for _, d := range l.devices {
		d.close()
	}
	if l.wake >= 0 {
		_ = unix.Close(l.wake)
	}
	for _, n := range []*netns.Namespace{l.Near, l.Far} {
		if n != nil {
			_ = n.Close()
		}
	}
}

func (l *Link) now() time.Duration { return time.Since(l.began) }

func (l *Link) isUnreachable(a netip.Addr) bool { return slices.Contains(l.cfg.Unreachable, a) }
