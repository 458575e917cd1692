package testee

import (
	"net"
	"sync/atomic"

	"github.com/tidwall/evio"
)

// Indices of a loop's addresses, in the order in which evio gets them.
const (
	testeeAddr = iota
	controlAddr
)

// A slot is a reusable record of one connection of a client.
type slot struct {
	links   links
	conn    evio.Conn
	session session
	tls     *tlsConn // nil for ws://, and before the first byte
	ended   bool     // FIN is sent; input is discarded until the client's
	closing bool     // is closed at its next event
}

// admission counts the open connections of all loops.
type admission struct {
	open  atomic.Int64
	limit int64
}

// enter counts one more connection and reports true, unless the limit is reached.
func (a *admission) enter() bool {
	if a.open.Add(1) <= a.limit {
		return true
	}
	a.open.Add(-1)
	return false
}

func (a *admission) leave() { a.open.Add(-1) }

// A loop is an evio server with one loop. The upper fields belong to the loop's
// goroutine. Serve starts and stops the loop through the lower ones.
type loop struct {
	admission *admission
	tick      uint64
	opening   queue      // opening handshake not complete
	lingering queue      // failed, or FIN is sent; input is discarded
	tls       *tlsServer // nil for ws://
	free      *slot      // linked by links.next
	out       []byte
	control   evio.Conn // the loop's end of the control connection

	controlName string
	serveEnd    net.Conn      // Serve's end of the control connection
	listening   chan net.Addr // receives the address it listens on
	proceed     chan bool     // true: accept connections; false: stop
	running     chan struct{} // closed when the loop has its control connection
	ended       chan struct{} // closed when the loop has ended
	err         error         // of evio.Serve; valid after ended is closed
}

func newLoop(c *Config, a *admission) *loop {
	return &loop{
		admission:   a,
		opening:     queue{wait: c.ticks(c.HandshakeTimeout)},
		lingering:   queue{wait: c.ticks(c.LingerTimeout)},
		tls:         newTLSServer(c.TLS),
		controlName: newControlName(),
		listening:   make(chan net.Addr, 1),
		proceed:     make(chan bool, 1),
		running:     make(chan struct{}),
		ended:       make(chan struct{}),
	}
}

// serve runs until the control connection ends.
func (l *loop) serve(addr string) {
	defer close(l.ended)
	defer l.stopHandshakers()
	l.err = evio.Serve(evio.Events{
		NumLoops: 1,
		Serving:  l.serving,
		Opened:   l.opened,
		Data:     l.data,
		Closed:   l.closed,
	}, addr, "unix://"+l.controlName)
}

// serving is called when both sockets listen, before evio starts its loop.
func (l *loop) serving(s evio.Server) evio.Action {
	l.listening <- s.Addrs[testeeAddr]
	if !<-l.proceed {
		return evio.Shutdown
	}
	return evio.None
}

// opened is called for every connection. ReuseInputBuffer saves a copy: a session
// does not keep its input.
func (l *loop) opened(c evio.Conn) (out []byte, opts evio.Options, action evio.Action) {
	opts.ReuseInputBuffer = true
	switch {
	case c.AddrIndex() == controlAddr:
		return nil, opts, l.controlOpened(c)
	case !l.admission.enter():
		return nil, opts, evio.Close
	}
	s := l.newSlot()
	s.conn = c
	c.SetContext(s)
	l.opening.add(s, l.tick)
	return nil, opts, evio.None
}

// data is called with input, and with nil after Wake.
func (l *loop) data(c evio.Conn, in []byte) ([]byte, evio.Action) {
	if c == l.control {
		l.ticked(len(in))
		return nil, evio.None
	}
	s, ok := c.Context().(*slot)
	switch {
	case !ok || s.closing:
		return nil, evio.Close
	case in == nil || s.ended:
		return nil, evio.None
	case l.tls != nil:
		return l.secured(s, in)
	}
	return l.received(s, in)
}

// received feeds the session. evio copies the output, so l.out is reused at the
// next call.
func (l *loop) received(s *slot, in []byte) ([]byte, evio.Action) {
	out, o := s.session.feed(in, l.out[:0])
	l.out = out
	if s.links.in == &l.opening && s.session.handshakeEnded() {
		s.leave()
	}
	switch o {
	case finished:
		s.closing = true
		return out, evio.Close
	case failed:
		l.lingering.add(s, l.tick)
	}
	return out, evio.None
}

// closed is called for every connection. The end of the control connection shuts
// the loop down.
func (l *loop) closed(c evio.Conn, _ error) evio.Action {
	if c == l.control {
		return evio.Shutdown
	}
	if s, ok := c.Context().(*slot); ok {
		l.admission.leave()
		if s.tls != nil {
			s.tls.abandon()
		}
		l.release(s)
	}
	return evio.None
}

// ticked counts ticks and closes the connections that are due. evio closes a
// connection only from an event of its own, so Wake causes one in the next round.
func (l *loop) ticked(ticks int) {
	l.tick += uint64(ticks)
	for _, q := range []*queue{&l.opening, &l.lingering} {
		for s := q.overdue(l.tick); s != nil; s = q.overdue(l.tick) {
			s.closing = true
			s.conn.Wake()
		}
	}
}

func (l *loop) newSlot() *slot {
	s := l.free
	if s == nil {
		return &slot{}
	}
	l.free = s.links.next
	s.links.next = nil
	return s
}

// release puts the slot of a closed connection on the free list.
func (l *loop) release(s *slot) {
	s.leave()
	*s = slot{links: links{next: l.free}}
	l.free = s
}
