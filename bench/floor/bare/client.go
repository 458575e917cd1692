package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
)

// collectPercent is the engine's (engine/cost.go).
const collectPercent = 400

// groups are the default of wsperf, and of its testee.
var groups = []tls.CurveID{tls.X25519, tls.CurveP256}

func clientConfig(old, resume bool) *tls.Config {
	c := &tls.Config{
		ServerName: "127.0.0.1", InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
		CurvePreferences: groups, SessionTicketsDisabled: !resume,
	}
	if old {
		c.MaxVersion = tls.VersionTLS12
	}
	if resume {
		c.ClientSessionCache = &tickets{}
	}
	return c
}

// tickets uses the newest ticket, and the last one again until there is another, as wsperf does.
type tickets struct{ all []*tls.ClientSessionState }

const maxTickets = 8

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
	return newest, true
}

// Put implements tls.ClientSessionCache.
func (t *tickets) Put(_ string, s *tls.ClientSessionState) {
	if s == nil {
		return
	}
	if len(t.all) == maxTickets {
		t.all = t.all[:copy(t.all, t.all[1:])]
	}
	t.all = append(t.all, s)
}

// clients are the client ends of up to batch connections.
type clients struct {
	config  *tls.Config
	tcp     net.Conn
	reader  *bufio.Reader
	ends    []*end
	out, in []byte
	scratch [1]byte
}

// connect makes n handshakes with the servers at port, and returns how many it made.
func connect(port string, n int, config *tls.Config, resume bool) (made int, err error) {
	tcp, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return 0, err
	}
	defer tcp.Close()
	debug.SetGCPercent(collectPercent)
	c := &clients{config: config, tcp: tcp, reader: bufio.NewReaderSize(tcp, 1<<18)}
	for range batch {
		c.ends = append(c.ends, newEnd())
	}
	if resume {
		if err := c.handshakes(1, false); err != nil {
			return 0, err
		}
	}
	for made < n {
		some := min(batch, n-made)
		if err := c.handshakes(some, resume); err != nil {
			return made, err
		}
		made += some
	}
	return made, nil
}

// handshakes makes n handshakes at once.
func (c *clients) handshakes(n int, resumed bool) error {
	ends := c.ends[:n]
	for _, e := range ends {
		e.begin(tls.Client, c.config)
	}
	var parts [batch][]byte
	for {
		more, err := step(ends, parts[:n])
		if err != nil {
			return err
		}
		if c.out, err = send(c.tcp, c.out, ends); err != nil {
			return err
		}
		if !more {
			return c.finish(ends, resumed)
		}
		if parts, err = c.receive(n); err != nil {
			return err
		}
	}
}

func (c *clients) receive(n int) (parts [batch][]byte, err error) {
	if c.in, err = readMessage(c.reader, c.in); err != nil {
		return parts, err
	}
	parts, got, err := split(c.in)
	if err == nil && got != n {
		err = fmt.Errorf("message for %d connections, must be for %d", got, n)
	}
	return parts, err
}

// step goes on with all handshakes. more: one of them at least needs an answer.
func step(ends []*end, parts [][]byte) (more bool, err error) {
	for i, e := range ends {
		if err := e.step(parts[i]); err != nil {
			return false, err
		}
		more = more || !e.done
	}
	return more, nil
}

// finish has the tickets taken that came behind the handshakes, as reading a response would.
func (c *clients) finish(ends []*end, resumed bool) error {
	for _, e := range ends {
		if _, err := e.conn.Read(c.scratch[:]); !errors.Is(err, errMore) {
			return fmt.Errorf("read behind the handshake: %w", err)
		}
		if did := e.conn.ConnectionState().DidResume; did != resumed {
			return fmt.Errorf("session resumed: %v, must be %v", did, resumed)
		}
	}
	return nil
}
