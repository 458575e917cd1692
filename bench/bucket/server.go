package main

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	tickMs  = 1 // longest time between two looks at the bucket
	backlog = 4096
)

// server is one epoll loop on one thread.
type server struct {
	epoll, listener int
	bucket          bucket
	conns           map[int32]*conn
	waiting         []*conn // whose requests are complete, in their order
	buffer          [4096]byte
}

// newServer listens, and returns where.
func newServer(at netip.AddrPort, b bucket) (*server, netip.AddrPort, error) {
	s := &server{bucket: b, conns: make(map[int32]*conn)}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, at, err
	}
	s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, at, err
	}
	err = errors.Join(
		unix.SetsockoptInt(s.listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(s.listener, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}),
		unix.Listen(s.listener, backlog),
		s.watch(s.listener))
	if err != nil {
		return nil, at, err
	}
	bound, err := unix.Getsockname(s.listener)
	if err != nil {
		return nil, at, err
	}
	return s, netip.AddrPortFrom(at.Addr(), uint16(bound.(*unix.SockaddrInet4).Port)), nil
}

func (s *server) watch(fd int) error {
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(fd)})
}

// serve returns if epoll fails.
func (s *server) serve() error {
	var events [256]unix.EpollEvent
	last := time.Now()
	for {
		n, err := unix.EpollWait(s.epoll, events[:], tickMs)
		if err != nil && err != unix.EINTR {
			return err
		}
		now := time.Now()
		s.bucket.pass(now.Sub(last))
		last = now
		for _, e := range events[:max(n, 0)] {
			if e.Fd == int32(s.listener) {
				s.accept()
			} else if c := s.conns[e.Fd]; c != nil {
				s.read(c)
			}
		}
		s.answer()
	}
}

func (s *server) accept() {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return // EAGAIN: that was all; or the client has gone
		}
		if s.watch(fd) != nil {
			_ = unix.Close(fd)
			continue
		}
		s.conns[int32(fd)] = &conn{fd: fd}
	}
}

// read passes on what has come, until there is no more.
func (s *server) read(c *conn) {
	for !c.gone {
		n, err := unix.Read(c.fd, s.buffer[:])
		switch {
		case err == unix.EAGAIN:
			return
		case err != nil || n == 0 || !c.received(s.buffer[:n]):
			s.end(c)
		case c.complete && !c.queued:
			c.queued = true
			s.waiting = append(s.waiting, c)
		}
	}
}

// answer answers as many as there are tokens for. One that has gone takes none.
func (s *server) answer() {
	for len(s.waiting) > 0 {
		c := s.waiting[0]
		if !c.gone && !s.bucket.take() {
			return
		}
		s.waiting = s.waiting[1:]
		if !c.gone && !c.accept() {
			s.end(c)
		}
	}
}

// end closes the connection.
func (s *server) end(c *conn) {
	c.gone = true
	delete(s.conns, int32(c.fd))
	_ = unix.Close(c.fd) // nothing is lost by it
}
