package main

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"
)

// patientConns is the number of connections that wait for a FIN before they send a close_notify.
const patientConns = 3

// observation is what was seen with a version of TLS.
type observation struct {
	state         tls.ConnectionState // of a full handshake
	full, resumed series
	again         bool // a ticket resumed a second session
	end           string
}

// series is what was seen in connections of one kind.
type series struct {
	conns, resumed, resets int
	least, most            int // tickets of a connection
}

func (s *series) add(c *outcome) {
	n := len(c.tickets)
	if s.conns == 0 {
		s.least = n
	}
	s.least, s.most = min(s.least, n), max(s.most, n)
	s.conns++
	if c.state.DidResume {
		s.resumed++
	}
	if c.end.reset {
		s.resets++
	}
}

func (t *target) observe(conns int, patience time.Duration) (o observation, err error) {
	p, err := o.watchEnds(t, patience)
	if err != nil {
		return o, err
	}
	last, err := o.full.repeat(t, conns, nil, p)
	if err != nil {
		return o, fmt.Errorf("full handshakes: %w", err)
	}
	o.state = last.state
	if len(last.tickets) == 0 {
		return o, nil
	}
	if _, err = o.resumed.repeat(t, conns, last.tickets, p); err != nil {
		return o, fmt.Errorf("resumed handshakes: %w", err)
	}
	if o.again, err = t.takesTwice(p); err != nil {
		return o, fmt.Errorf("a ticket used twice: %w", err)
	}
	return o, nil
}

// watchEnds makes connections that wait, and returns the patience of the other ones: they answer
// at once what these waited for in vain.
func (o *observation) watchEnds(t *target, patience time.Duration) (rest waits, err error) {
	rest = waits{silent: limit}
	var ends []string
	for range patientConns {
		c, err := t.connect(nil, waits{silent: patience, notified: patience})
		if err != nil {
			return rest, fmt.Errorf("a patient connection: %w", err)
		}
		if !strings.Contains(strings.Join(ends, "\n"), c.end.String()) {
			ends = append(ends, c.end.String())
		}
		if c.end.silent {
			rest.silent = 0
		}
	}
	o.end = strings.Join(ends, " or ")
	return rest, nil
}

// repeat makes connections, each of which offers the newest ticket, and returns the last one.
func (s *series) repeat(t *target, conns int, tickets []*tls.ClientSessionState, p waits) (last *outcome, err error) {
	for range conns {
		var offer *tls.ClientSessionState
		if len(tickets) > 0 {
			offer = tickets[len(tickets)-1]
		}
		if last, err = t.connect(offer, p); err != nil {
			return nil, err
		}
		s.add(last)
		if offer != nil && len(last.tickets) > 0 {
			tickets = last.tickets
		}
	}
	return last, nil
}

// takesTwice reports whether a ticket resumes a session twice.
func (t *target) takesTwice(p waits) (bool, error) {
	c, err := t.connect(nil, p)
	if err != nil || len(c.tickets) == 0 {
		return false, err
	}
	offer := c.tickets[0]
	if c, err = t.connect(offer, p); err != nil || !c.state.DidResume {
		return false, err
	}
	c, err = t.connect(offer, p)
	return err == nil && c.state.DidResume, err
}
