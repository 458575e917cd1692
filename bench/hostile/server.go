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

// acceptPause is the pause after an error of accept(2), which is mostly a lack of
// descriptors that passes.
const acceptPause = 10 * time.Millisecond

// server has the ports of all behaviours.
type server struct {
	rows   []behaviour
	byPath map[string]behaviour
	ports  []port
	certs  *authority
	held   []io.Closer // listeners, bound sockets, and the connection in the full queue
}

// port is an address with its name: that of a behaviour, "listening" or "random".
type port struct {
	name string
	addr net.Addr
}

// listen serves the table on the address, "host:port" with an IPv4 host.
// Behaviours without a path get other ports of the same host. The first of
// s.ports is the one with the paths. "tls" has the same within TLS. "random" and "tls-random" pick
// a behaviour of ws:// or wss:// at random for each connection. After an error nothing is left open.
func listen(address string, seed uint64) (*server, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	s := &server{rows: slices.Concat(table(), securedTable()), byPath: map[string]behaviour{}}
	if s.certs, err = newAuthority(host); err == nil {
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
	if err := s.serve("tls", anyPort, s.secured); err != nil {
		return err
	}
	if err := s.serve("tls-random", anyPort, s.random(seed, true)); err != nil {
		return err
	}
	return s.serve("random", anyPort, s.random(seed, false))
}

// open opens the port of a behaviour, if it has its own.
func (s *server) open(b behaviour, anyPort string) error {
	switch b.place {
	case onAccept:
		return s.serve(b.name, anyPort, func() func(*peer) { return b.do })
	case noListener:
		return s.occupy(b.name, anyPort, false)
	case fullQueue:
		return s.occupy(b.name, anyPort, true)
	}
	return nil
}

// close closes all ports.
func (s *server) close() {
	for _, c := range s.held {
		c.Close()
	}
}

// serve listens on the address and serves each connection with a function that
// pick returns. Calls of pick do not overlap.
func (s *server) serve(name, address string, pick func() func(*peer)) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.held = append(s.held, listener)
	s.ports = append(s.ports, port{name, listener.Addr()})
	go s.accept(listener, pick)
	return nil
}

// accept serves connections until the listener is closed.
func (s *server) accept(listener net.Listener, pick func() func(*peer)) {
	for {
		c, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(acceptPause)
		default:
			go s.handle(c.(*net.TCPConn), pick())
		}
	}
}

// handle carries out a behaviour, and then closes the connection without an RST
// unless the behaviour has closed it.
func (s *server) handle(c *net.TCPConn, do func(*peer)) {
	defer c.Close()
	p := newPeer(c)
	p.certs = s.certs
	do(p)
	p.fin()
}

// named returns a function that reads the request and carries out the behaviour
// of its path. An unknown path gets a 404 with the list of paths.
func (s *server) named() func(*peer) {
	return func(p *peer) {
		if p.request() != nil {
			return
		}
		if b, ok := s.byPath[p.path]; ok {
			b.do(p)
			return
		}
		_ = p.send("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" + s.names())
	}
}

// secured is named within TLS.
func (s *server) secured() func(*peer) {
	do := s.named()
	return func(p *peer) {
		if p.secure(p.config("good")) == nil {
			do(p)
		}
	}
}

// names lists the paths, one per line.
func (s *server) names() string {
	var list strings.Builder
	for _, b := range s.rows {
		if b.place == onPath {
			list.WriteString("/" + b.name + "\n")
		}
	}
	return list.String()
}

// random returns a function that picks a random behaviour, of ws:// or wss://, for a connection.
func (s *server) random(seed uint64, secured bool) (pick func() func(*peer)) {
	choose := s.chooser(seed, secured)
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

// chooser returns a function that chooses among the behaviours that accept
// connections. It is not safe for concurrent use.
func (s *server) chooser(seed uint64, secured bool) (choose func() behaviour) {
	accepting := slices.DeleteFunc(slices.Clone(s.rows), func(b behaviour) bool { return b.do == nil || (b.tls != nil) != secured })
	source := rand.New(rand.NewPCG(seed, 0))
	return func() behaviour { return accepting[source.IntN(len(accepting))] }
}

// occupy binds a port that never accepts. If it does not listen, the kernel
// answers a SYN with RST. If its accept queue is full, the kernel drops the SYN
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

// bind binds the socket and returns the actual address.
func bind(fd int, address string) (net.Addr, error) {
	want, err := netip.ParseAddrPort(address)
	if err != nil || !want.Addr().Is4() {
		return nil, fmt.Errorf("%s: not an IPv4 address and port", address)
	}
	// Port 0, any free one: address is never that of --listen.
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

// fill listens with a backlog of 0 and makes one connection. The accept queue is
// full when it is longer than the backlog (sk_acceptq_is_full in
// include/net/sock.h, Linux 6.18), so it has place for one.
func (s *server) fill(fd int, addr net.Addr) error {
	if err := unix.Listen(fd, 0); err != nil {
		return fmt.Errorf("listen on %v: %w", addr, err)
	}
	c, err := net.DialTimeout("tcp", addr.String(), time.Second)
	if err != nil {
		return fmt.Errorf("fill the accept queue: %w", err)
	}
	s.held = append(s.held, c)
	return nil
}

// descriptor is a socket as an io.Closer.
type descriptor int

func (d descriptor) Close() error { return unix.Close(int(d)) }
