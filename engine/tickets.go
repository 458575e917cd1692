package engine

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"wsperf/handshake"
)

// maxTickets is how many tickets a loop keeps: servers send two per handshake (RFC 8446 section 4.6.1), and each is used once.
const maxTickets = 8

// tickets is a loop's cache of sessions that can be resumed, for one testee. The newest is used first. The last
// one is used again until there is another: some testees send none in a resumed handshake.
type tickets struct {
	all   []*tls.ClientSessionState
	given uint64 // how often one was
}

// Get implements tls.ClientSessionCache.
func (t *tickets) Get(string) (*tls.ClientSessionState, bool) {
	n := len(t.all)
	if n == 0 {
		return nil, false
	}
	newest := t.all[n-1]
	if n > 1 {
		t.all = t.all[:n-1]
	}
	t.given++
	return newest, true
}

// Put implements tls.ClientSessionCache. nil says that the session that was given could not be used.
func (t *tickets) Put(_ string, s *tls.ClientSessionState) {
	switch {
	case s == nil:
		t.all = t.all[:max(0, len(t.all)-1)]
	case len(t.all) == maxTickets:
		copy(t.all, t.all[1:])
		t.all[maxTickets-1] = s
	default:
		t.all = append(t.all, s)
	}
}

// fetchTickets makes one full handshake for each loop, so that its first connection can resume a session. They are in no
// count. One that fails leaves its loop without a ticket: the first handshakes are full then, and what is wrong
// is counted there.
func (r *Run) fetchTickets(ctx context.Context) {
	var all sync.WaitGroup
	for _, l := range r.loops {
		if l.tls != nil && l.tls.resuming != nil {
			all.Go(func() { _ = l.fetchTickets(ctx) })
		}
	}
	all.Wait()
}

// fetchTickets makes a connection with opening and closing handshake. Testees send tickets behind the
// handshake (RFC 8446 section 4.6.1), so they are here when the response is.
func (l *loop) fetchTickets(ctx context.Context) error {
	tcp, err := l.dialer().DialContext(ctx, "tcp", l.cfg.Addr.String())
	if err != nil {
		return err
	}
	defer tcp.Close()
	// Unless the testee has ended TCP first, TIME_WAIT would be on our side, and keep a port.
	linger := tcp.(*net.TCPConn).SetLinger
	_ = linger(0)
	defer context.AfterFunc(ctx, func() { tcp.Close() })()
	if err := l.converse(tls.Client(tcp, l.tls.resuming)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, tcp); err != nil { // up to the testee's FIN
		return err
	}
	return linger(-1)
}

func (l *loop) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: l.cfg.ConnectTimeout}
	if len(l.cfg.Sources) > 0 {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.cfg.Sources[0], 0))
	}
	return d
}

// converse does all three handshakes, each within its timeout, and answers the testee's close_notify.
func (l *loop) converse(c *tls.Conn) error {
	for _, phase := range []struct {
		timeout time.Duration
		do      func(*tls.Conn) error
	}{
		{l.cfg.SecureTimeout, (*tls.Conn).Handshake},
		{l.cfg.OpenTimeout, l.converseOpening},
		{l.cfg.CloseTimeout, l.converseClosing},
	} {
		if err := c.SetDeadline(time.Now().Add(phase.timeout)); err != nil {
			return err
		}
		if err := phase.do(c); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) converseOpening(c *tls.Conn) error {
	var key handshake.Key
	nonce := l.random16()
	key.Set(&nonce)
	if _, err := c.Write(l.testee.request.WithKey(&key)); err != nil {
		return err
	}
	_, err := io.ReadAtLeast(c, l.inbox, 1) // what it says does not matter
	return err
}

func (l *loop) converseClosing(c *tls.Conn) error {
	if _, err := c.Write(handshake.AppendClose(nil, l.cfg.CloseCode, l.random4())); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	return c.CloseWrite()
}
