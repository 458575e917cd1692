package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attemptDelay is how long an attempt has before the next one begins beside it (RFC 8305
// section 5, Connection Attempt Delay).
const attemptDelay = 250 * time.Millisecond

// probe looks for an address that accepts TCP connections. A testee sees a connection
// that is closed without a byte.
type probe struct {
	from    netip.Addr    // zero: the kernel chooses
	timeout time.Duration // of an attempt
}

// first returns the first of the addresses that accepts a connection. Its error lists
// them all, with what each answered. When it returns, no attempt is left.
func (p probe) first(ctx context.Context, all []netip.AddrPort) (netip.AddrPort, error) {
	return newRace(all, p.dial).run(ctx)
}

// dial makes a connection and closes it.
func (p probe) dial(ctx context.Context, to netip.AddrPort) error {
	d := net.Dialer{Timeout: p.timeout}
	if p.from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.from, 0))
		d.Control = chooseLate
	}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return p.plain(err)
	}
	return conn.Close()
}

// chooseLate leaves the choice of the port to connect(2), as the engine does: bind(2)
// would need one that is free for all destinations (ip(7), IP_BIND_ADDRESS_NO_PORT).
func chooseLate(_, _ string, c syscall.RawConn) error {
	var refused error
	err := c.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	return errors.Join(err, refused)
}

// plain removes what package net adds to an error: the addresses.
func (p probe) plain(err error) error {
	var errno unix.Errno
	var timeout net.Error
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %v", p.timeout)
	}
	return err
}

// race is attempts that begin one after the other: each when the one before has failed, or
// has had attemptDelay.
type race struct {
	all      []netip.AddrPort
	failed   []error // by address
	outcomes chan outcome
	dial     func(context.Context, netip.AddrPort) error
	begun    int
	running  sync.WaitGroup
}

func newRace(all []netip.AddrPort, dial func(context.Context, netip.AddrPort) error) *race {
	return &race{all: all, failed: make([]error, len(all)), outcomes: make(chan outcome, len(all)), dial: dial}
}

// outcome is how the attempt with an address ended.
type outcome struct {
	i   int
	err error
}

func (r *race) run(ctx context.Context) (netip.AddrPort, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer r.running.Wait()
	defer cancel()
	next := time.NewTimer(0)
	defer next.Stop()
	for ended := 0; ended < len(r.all); {
		select {
		case <-next.C:
			r.begin(ctx)
			next.Reset(attemptDelay)
		case o := <-r.outcomes:
			if o.err == nil {
				return r.all[o.i], nil
			}
			r.failed[o.i] = o.err
			ended++
			next.Reset(0)
		case <-ctx.Done():
			return netip.AddrPort{}, ctx.Err()
		}
	}
	return netip.AddrPort{}, r.failure()
}

// begin begins the next attempt, if there is one.
func (r *race) begin(ctx context.Context) {
	if i := r.begun; i < len(r.all) {
		r.begun++
		r.running.Go(func() { r.outcomes <- outcome{i, r.dial(ctx, r.all[i])} })
	}
}

// failure lists what each address answered.
func (r *race) failure() error {
	var list []string
	for i, err := range r.failed {
		list = append(list, fmt.Sprintf("%v: %v", r.all[i], err))
	}
	return errors.New(strings.Join(list, ", "))
}
