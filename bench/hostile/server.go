package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// acceptPause is how long accepting rests after an error: descriptors run out,
// and come back.
const acceptPause = 10 * time.Millisecond

// server is the ports of all behaviours.
type server struct {
	rows   []behaviour
	byPath map[string]behaviour
	ports  []port
	held   []io.Closer // keep ports from others, and full
}

// port is where a behaviour is to be found that has no path.
type port struct {
	name string
	addr net.Addr
}

// listen serves the table on the address, "host:port"; behaviours without a path
// get ports of the same host. The first of ports is that of the paths, the last
// one picks a behaviour at random for each connection. When it fails nothing is
// left open.
func listen(address string, seed uint64) (*server, error) {
	s := &server{rows: table(), byPath: map[string]behaviour{}}
	host, _, err := net.SplitHostPort(address)
	if err == nil {
		err = s.listenAll(address, net.JoinHostPort(host, "0"), seed)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) listenAll(address, anyPort string, seed uint64) error {
	for _, b := range s.rows {
		if b.place == onPath {
			s.byPath["/"+b.name] = b
		}
	}
	if err := s.serve("listening", address, s.named); err != nil {
		return err
	}
	for _, b := range s.rows {
		if err := s.open(b, anyPort); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return s.serve("random", anyPort, s.random(seed))
}

// open makes the port of a behaviour that has one.
func (s *server) open(b behaviour, anyPort string) error {
	switch b.place {
	case onAccept:
		return s.serve(b.name, anyPort, func() func(*peer) { return b.do })
	case nobodyListens:
		return s.occupy(b.name, anyPort, false)
	case nobodyAccepts:
		return s.occupy(b.name, anyPort, true)
	}
	return nil
}

// close gives all ports back.
func (s *server) close() {
	for _, c := range s.held {
		c.Close()
	}
}

// serve has a port of its own for what pick says, which is called for one
// connection after the other.
func (s *server) serve(name, address string, pick func() func(*peer)) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.held = append(s.held, listener)
	s.ports = append(s.ports, port{name, listener.Addr()})
	go accept(listener, pick)
	return nil
}

// accept gives each connection to what pick says, until the listener is closed.
func accept(listener net.Listener, pick func() func(*peer)) {
	for {
		c, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(acceptPause)
		default:
			go converse(c.(*net.TCPConn), pick())
		}
	}
}

// converse has a behaviour its way, and ends the connection in order if it has
// not done so by itself.
func converse(c *net.TCPConn, do func(*peer)) {
	defer c.Close()
	p := newPeer(c)
	do(p)
	p.fin()
}

// named picks what reads the request and does as its path says.
func (s *server) named() func(*peer) {
	return func(p *peer) {
		if p.request() != nil {
			return
		}
		if b, ok := s.byPath[p.path]; ok {
			b.do(p)
			return
		}
		_ = p.say("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" + s.names())
	}
}

// names lists the paths, one a line.
func (s *server) names() string {
	var list strings.Builder
	for _, b := range s.rows {
		if b.place == onPath {
			list.WriteString("/" + b.name + "\n")
		}
	}
	return list.String()
}

// random returns what picks one of all behaviours that accept connections.
func (s *server) random(seed uint64) (pick func() func(*peer)) {
	choose := s.chooser(seed)
	return func() func(*peer) {
		b := choose()
		return func(p *peer) {
			if b.place == onPath && p.request() != nil {
				return
			}
			b.do(p)
		}
	}
}

func (s *server) chooser(seed uint64) (choose func() behaviour) {
	accepting := slices.DeleteFunc(slices.Clone(s.rows), func(b behaviour) bool { return b.do == nil })
	source := rand.New(rand.NewPCG(seed, 0))
	return func() behaviour { return accepting[source.IntN(len(accepting))] }
}

// occupy binds a port that never accepts: without a listener connections are
// refused (tcp(7)), with a full one their SYNs are dropped
// (tcp_conn_request in net/ipv4/tcp_input.c, Linux 6.18).
func (s *server) occupy(name, address string, full bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("create socket: %w", err)
	}
	s.held = append(s.held, descriptor(fd))
	addr, err := bind(fd, address)
	if err != nil {
		return err
	}
	s.ports = append(s.ports, port{name, addr})
	if full {
		return s.fill(fd, addr)
	}
	return nil
}

// bind binds the socket and returns the address that it got.
func bind(fd int, address string) (net.Addr, error) {
	want, err := netip.ParseAddrPort(address)
	if err != nil || !want.Addr().Is4() {
		return nil, fmt.Errorf("%s: an IPv4 address is needed", address)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: want.Addr().As4()}); err != nil {
		return nil, fmt.Errorf("bind %s: %w", address, err)
	}
	got, err := unix.Getsockname(fd)
	if err != nil {
		return nil, fmt.Errorf("read the port of %s: %w", address, err)
	}
	number := got.(*unix.SockaddrInet4).Port
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(want.Addr(), uint16(number))), nil
}

// fill listens and takes the one place of the queue of a backlog of 0: it is
// full when it is longer than the backlog (sk_acceptq_is_full in
// include/net/sock.h, Linux 6.18).
func (s *server) fill(fd int, addr net.Addr) error {
	if err := unix.Listen(fd, 0); err != nil {
		return fmt.Errorf("listen on %v: %w", addr, err)
	}
	c, err := net.DialTimeout("tcp", addr.String(), time.Second)
	if err != nil {
		return fmt.Errorf("fill the listener: %w", err)
	}
	s.held = append(s.held, c)
	return nil
}

// descriptor is a socket that is only to be closed.
type descriptor int

func (d descriptor) Close() error { return unix.Close(int(d)) }
