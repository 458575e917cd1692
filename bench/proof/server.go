package main

import (
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// server is one epoll loop on one thread. Its steps are tasks that are due at some time.
type server struct {
	cfg      config
	address  netip.AddrPort
	epoll    *epoll
	listener int
	stopper  int // an eventfd that ends serve
	conns    map[int]*conn
	tasks    tasks
	queued   int   // connections in the accept queue whose accept is a task
	queueNs  int64 // when the last of them is due
	begun    [numSteps]int
	requests int
	record   record
	start    time.Time // stamps count from here
	buffer   [maxReceived]byte
}

// listen returns a server that listens, and serves when serve is called.
func listen(cfg config) (*server, error) {
	s := &server{cfg: cfg, listener: -1, stopper: -1, conns: map[int]*conn{}, record: newRecord(), start: time.Now()}
	var err error
	if s.epoll, err = newEpoll(); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) open() (err error) {
	if s.listener, s.address, err = listenOn(s.cfg.address); err != nil {
		return err
	}
	if s.stopper, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return err
	}
	if err := s.epoll.watch(s.listener); err != nil {
		return err
	}
	return s.epoll.watch(s.stopper)
}

// close closes every descriptor.
func (s *server) close() {
	for fd := range s.conns {
		unix.Close(fd)
	}
	for _, fd := range []int{s.listener, s.stopper, s.epoll.fd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// stop ends serve. It may be called from any goroutine before close.
func (s *server) stop() { _, _ = unix.Write(s.stopper, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

func (s *server) nowNs() int64 { return int64(time.Since(s.start)) }

// poll is how long before a task is due the loop stops sleeping and polls. An idle CPU of a
// virtual machine takes 25 microseconds to wake up, and sometimes 100.
const poll = 150 * time.Microsecond

// serve returns after stop. A garbage collection would delay steps, so there is none: a run
// of some seconds allocates a few MB.
func (s *server) serve() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	host.SharpenTimers()
	for {
		ns := s.tasks.sleepNs(s.nowNs())
		if ns > 0 {
			ns = max(0, ns-int64(poll))
		}
		events, err := s.epoll.wait(ns)
		if err != nil {
			return err
		}
		for i := range events {
			if int(events[i].Fd) == s.stopper {
				return nil
			}
			if err := s.dispatch(int(events[i].Fd)); err != nil {
				return err
			}
		}
		if err := s.runDue(); err != nil {
			return err
		}
	}
}

func (s *server) dispatch(fd int) error {
	if fd == s.listener {
		return s.arrived()
	}
	if c := s.conns[fd]; c != nil {
		s.readable(c)
	}
	return nil
}

// arrived makes a task for each new connection in the accept queue. Accept(2) takes the
// oldest one, so none is accepted before an earlier one.
func (s *server) arrived() error {
	n, err := waiting(s.listener)
	if err != nil {
		return err
	}
	nowNs := s.nowNs()
	for ; s.queued < n; s.queued++ {
		s.queueNs = max(s.queueNs, nowNs+s.next(stepAccept))
		s.tasks.add(task{step: stepAccept, begunNs: nowNs, dueNs: s.queueNs})
	}
	return nil
}

// next returns the delay of the next connection to come to a step.
func (s *server) next(which step) (ns int64) {
	i := s.begun[which]
	s.begun[which]++
	return int64(s.cfg.delays[which].at(i))
}

// runDue does what is due.
func (s *server) runDue() error {
	for {
		t, ok := s.tasks.due(s.nowNs())
		switch {
		case !ok:
			return nil
		case t.step == stepAccept:
			if err := s.accept(t); err != nil {
				return err
			}
		case s.conns[t.c.fd] == t.c: // it was not broken meanwhile
			s.do(t)
		}
	}
}
