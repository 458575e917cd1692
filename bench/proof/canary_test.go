package main

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

const (
	canaryPeriod     = 2500 * time.Microsecond // the connections of the slower open loops come as often
	canaryPercentile = 99                      // the highest that is compared
)

// canary makes the simplest connections beside a measurement: two threads, which take precedence
// as client and testee do, connect, send a byte there and one back, and reset the connection. It
// knows nothing of wsperf, so it tells what the machine takes for an exchange meanwhile: on some
// virtual machines all work takes 10 times as long for 50 milliseconds, several times a second, on
// both CPUs, and no time is stolen.
type canary struct {
	place    place
	stopped  atomic.Bool
	listener int
	ended    chan struct{}
	took     []time.Duration
}

// startCanary starts the canary of a place, in the namespace of this process.
func (p place) startCanary(t *testing.T) *canary {
	t.Helper()
	listener, address, err := listenOn("127.0.0.1:0")
	if err == nil {
		err = unix.SetNonblock(listener, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &canary{place: p, listener: listener, ended: make(chan struct{})}
	t.Cleanup(func() { c.stopped.Store(true) })
	go host.OwnThread(c.serve)
	go func() {
		defer close(c.ended)
		host.OwnThread(func() { c.connect(t, address) })
	}()
	return c
}

// end ends the canary, and returns what a connection took at q99.
func (c *canary) end(t *testing.T) time.Duration {
	t.Helper()
	c.stopped.Store(true)
	<-c.ended
	_ = unix.Shutdown(c.listener, unix.SHUT_RD) // accept(2) returns
	if len(c.took) == 0 {
		t.Fatal("the canary has made no connection")
	}
	slices.Sort(c.took)
	return c.took[len(c.took)*canaryPercentile/100]
}

func (c *canary) serve() {
	defer unix.Close(c.listener)
	c.place.Precede()
	for one := make([]byte, 1); ; {
		fd, _, err := unix.Accept4(c.listener, unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		if n, _ := unix.Read(fd, one); n == 1 {
			_, _ = unix.Write(fd, one)
		}
		_ = unix.Close(fd)
	}
}

func (c *canary) connect(t *testing.T, to netip.AddrPort) {
	c.place.Precede()
	for ; !c.stopped.Load(); time.Sleep(canaryPeriod) {
		began := time.Now()
		if err := exchangeByte(to); err != nil {
			t.Errorf("canary: %v", err)
			return
		}
		c.took = append(c.took, time.Since(began))
	}
}

// exchangeByte ends the connection with an RST, which leaves no TIME_WAIT behind.
func exchangeByte(to netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return err
	}
	one := make([]byte, 1)
	if _, err := unix.Write(fd, one); err != nil {
		return err
	}
	if _, err := unix.Read(fd, one); err != nil {
		return err
	}
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}
