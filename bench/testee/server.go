package testee

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// settleTime is how long a loop runs at least. evio signals a shutdown once, and
// the signal is lost if evio.Serve, which waits for it in another goroutine, has
// not got there. It needs microseconds from the start of the loop.
const settleTime = 100 * time.Millisecond

// evio says nothing of the reason.
var errLoopEnded = errors.New("a loop of the testee has ended by itself: accept(2) failed, probably for lack of descriptors or memory")

// Serve runs the testee until ctx is done; then it closes all connections,
// frees the port and returns nil. It returns an error when the configuration is
// wrong (Validate), when it cannot listen, or when a loop ends by itself.
func Serve(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	limit, err := connectionLimit(&c)
	if err != nil {
		return err
	}
	s := &server{config: c, admission: admission{limit: int64(limit)}}
	if err := s.listen(); err != nil {
		s.abandon()
		return err
	}
	if ctx.Err() != nil {
		s.abandon()
		return nil
	}
	return s.run(ctx)
}

type server struct {
	config    Config
	admission admission
	loops     []*loop
	addr      net.Addr
	startedAt time.Time
}

// listen starts the loops as far as that they listen: each waits for a word on
// its channel proceed then.
func (s *server) listen() error {
	addr, err := s.address()
	for range s.config.Loops {
		if err != nil {
			return err
		}
		addr, err = s.addLoop(addr)
	}
	if err != nil {
		return err
	}
	return limitStalls(s.addr, s.config.StallTimeout)
}

// addLoop starts a loop that is to listen on addr, and returns where the next
// one is to: all share the port of the first.
func (s *server) addLoop(addr string) (string, error) {
	l := newLoop(&s.config, &s.admission)
	go l.serve(addr)
	select {
	case s.addr = <-l.listening:
	case <-l.ended:
		return "", s.listenError(l.err)
	}
	s.loops = append(s.loops, l)
	return evioAddr(s.addr), l.dialControl()
}

// address returns where the first loop is to listen, in evio's form. Loops that
// share a port would share it with another testee of the same user too, so it
// is seen first whether the port is free. That also turns an empty host into
// the address that net.Listen makes of it.
func (s *server) address() (string, error) {
	probe, err := net.Listen("tcp", s.config.Listen)
	if err != nil {
		return "", s.listenError(err)
	}
	defer probe.Close()
	at := *probe.Addr().(*net.TCPAddr)
	_, port, _ := net.SplitHostPort(s.config.Listen) // Validate has looked at it
	at.Port, _ = strconv.Atoi(port)
	return evioAddr(&at), nil
}

// listenError says where it could not listen, once.
func (s *server) listenError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("listen on %s: %w", s.config.Listen, err)
}

// evioAddr is the address in evio's form. A single loop has a port that could be
// shared, too: for one that cannot be, evio asks package net, which makes a socket
// of Multipath TCP, and that has no TCP_USER_TIMEOUT.
func evioAddr(addr net.Addr) string { return "tcp://" + addr.String() + "?reuseport=true" }

// abandon ends loops that listen only.
func (s *server) abandon() {
	for _, l := range s.loops {
		l.proceed <- false
		<-l.ended
		l.closeControl()
	}
}

// run lets the loops work until ctx is done or one of them ends.
func (s *server) run(ctx context.Context) error {
	defer s.stop()
	if err := s.start(); err != nil {
		return err
	}
	if s.config.Ready != nil {
		s.config.Ready(s.addr)
	}
	return s.ticking(ctx)
}

// start lets the loops accept connections.
func (s *server) start() error {
	s.startedAt = time.Now()
	for _, l := range s.loops {
		l.proceed <- true
	}
	for _, l := range s.loops {
		select {
		case <-l.running:
		case <-l.ended:
			return errLoopEnded
		}
	}
	return nil
}

// ticking sends ticks to the loops. One that does not take them has ended.
func (s *server) ticking(ctx context.Context) error {
	ticker := time.NewTicker(s.config.tickInterval())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for _, l := range s.loops {
			if err := l.sendTick(); err != nil {
				return errLoopEnded
			}
		}
	}
}

// stop ends the loops, one after the other (see the package's comment on what
// evio closes twice).
func (s *server) stop() {
	time.Sleep(time.Until(s.startedAt.Add(settleTime)))
	for _, l := range s.loops {
		l.closeControl()
		<-l.ended
	}
}
