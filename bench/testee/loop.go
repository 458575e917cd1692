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

// A peer is a connection of a client. Peers are used again.
type peer struct {
	links   links
	conn    evio.Conn
	session session
	closing bool // is to be closed, whatever else it sends
}

// admission counts the open connections of all loops.
type admission struct {
	open  atomic.Int64
	limit int64
}

// enter reports whether one more connection may be open.
func (a *admission) enter() bool {
	if a.open.Add(1) <= a.limit {
		return true
	}
	a.open.Add(-1)
	return false
}

func (a *admission) leave() { a.open.Add(-1) }

// A loop is an evio server with one loop. Its upper part belongs to that loop's
// goroutine; the lower part is what Serve starts and stops it by.
type loop struct {
	admission *admission
	tick      uint64
	opening   queue // opening handshake not complete
	lingering queue // failed, input is dropped
	free      *peer // linked by links.next
	out       []byte
	control   evio.Conn // its end of the control connection

	controlName string
	serveEnd    net.Conn      // Serve's end of the control connection
	listening   chan net.Addr // gets the address it listens on
	proceed     chan bool     // false: stop before anything is accepted
	running     chan struct{} // closed when it has its control connection
	ended       chan struct{} // closed when it has ended
	err         error         // why, to be read after ended
}

func newLoop(c *Config, a *admission) *loop {
	return &loop{
		admission:   a,
		opening:     queue{wait: c.ticks(c.HandshakeTimeout)},
		lingering:   queue{wait: c.ticks(c.LingerTimeout)},
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
	l.err = evio.Serve(evio.Events{
		NumLoops: 1,
		Serving:  l.serving,
		Opened:   l.opened,
		Data:     l.data,
		Closed:   l.closed,
	}, addr, "unix://"+l.controlName)
}

// serving comes when both sockets listen, before evio starts its loop.
func (l *loop) serving(s evio.Server) evio.Action {
	l.listening <- s.Addrs[testeeAddr]
	if !<-l.proceed {
		return evio.Shutdown
	}
	return evio.None
}

// opened comes for every connection. ReuseInputBuffer saves a copy: a session
// keeps nothing of its input.
func (l *loop) opened(c evio.Conn) (out []byte, opts evio.Options, action evio.Action) {
	opts.ReuseInputBuffer = true
	switch {
	case c.AddrIndex() == controlAddr:
		return nil, opts, l.controlOpened(c)
	case !l.admission.enter():
		return nil, opts, evio.Close
	}
	p := l.newPeer()
	p.conn = c
	c.SetContext(p)
	l.opening.add(p, l.tick)
	return nil, opts, evio.None
}

// data comes for input, and with none (nil) after Wake.
func (l *loop) data(c evio.Conn, in []byte) ([]byte, evio.Action) {
	if c == l.control {
		l.ticked(len(in))
		return nil, evio.None
	}
	p, ok := c.Context().(*peer)
	switch {
	case !ok || p.closing:
		return nil, evio.Close
	case in == nil:
		return nil, evio.None
	}
	return l.received(p, in)
}

// received feeds the session. The output may be used again at the next call:
// evio copies it.
func (l *loop) received(p *peer, in []byte) ([]byte, evio.Action) {
	out, v := p.session.feed(in, l.out[:0])
	l.out = out
	if p.links.in == &l.opening && p.session.opened() {
		p.leave()
	}
	switch v {
	case finished:
		p.closing = true
		return out, evio.Close
	case failed:
		l.lingering.add(p, l.tick)
	}
	return out, evio.None
}

// closed comes for every connection. A shutdown is how a loop is made to end.
func (l *loop) closed(c evio.Conn, _ error) evio.Action {
	if c == l.control {
		return evio.Shutdown
	}
	if p, ok := c.Context().(*peer); ok {
		l.admission.leave()
		l.release(p)
	}
	return evio.None
}

// ticked counts ticks and ends the connections whose time is over. Only its own
// event can close a connection of evio's: Wake brings it about in the next round.
func (l *loop) ticked(ticks int) {
	l.tick += uint64(ticks)
	for _, q := range []*queue{&l.opening, &l.lingering} {
		for p := q.overdue(l.tick); p != nil; p = q.overdue(l.tick) {
			p.closing = true
			p.conn.Wake()
		}
	}
}

func (l *loop) newPeer() *peer {
	p := l.free
	if p == nil {
		return &peer{}
	}
	l.free = p.links.next
	p.links.next = nil
	return p
}

// release makes a closed peer available again.
func (l *loop) release(p *peer) {
	p.leave()
	*p = peer{links: links{next: l.free}}
	l.free = p
}
