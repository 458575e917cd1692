package testee

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// settleTime is the minimum time from a loop's start to its shutdown. evio signals
// the shutdown once, and the signal is lost if evio.Serve, in another goroutine,
// does not wait for it yet. It does so within microseconds of the start.
const settleTime = 100 * time.Millisecond

// errLoopEnded guesses the reason, because evio returns none.
var errLoopEnded = errors.New("a loop of the testee has stopped: accept(2) failed, probably for lack of descriptors or memory")

// Serve runs the testee until ctx is done. It then closes all connections and the
// listening sockets and returns nil. It returns an error if the configuration is
// invalid (Validate), if the limit of descriptors is too low, if it cannot listen,
// or if a loop stops by itself. It raises the process's soft limit of descriptors.
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

// listen starts the loops. Each then listens and waits for its channel proceed.
func (s *server) listen() error {
	addr, err := s.address()
	for range s.config.Loops {
		if err != nil {
			return err
		}
		addr, err = s.addLoop(addr)
	}
	if err == nil {
		err = limitStalls(s.addr, s.config.StallTimeout)
	}
	if err == nil && s.config.TLS != nil {
		err = sendAtOnce(s.addr)
	}
	return err
}

// addLoop starts a loop that listens on addr. It returns the address for the next
// loop: with port 0, all share the port that the first one got.
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

// address returns the address for the first loop, in evio's form. With
// SO_REUSEPORT a loop would also share the port with another testee of the same
// user, so address first checks that the port is free. The check also replaces an
// empty host by the address that net.Listen uses for it.
func (s *server) address() (string, error) {
	probe, err := net.Listen("tcp", s.config.Listen)
	if err != nil {
		return "", s.listenError(err)
	}
	defer probe.Close()
	at := *probe.Addr().(*net.TCPAddr)
	_, port, _ := net.SplitHostPort(s.config.Listen) // Validate has checked it
	at.Port, _ = strconv.Atoi(port)
	return evioAddr(&at), nil
}

// listenError unwraps a net.OpError, which repeats the address.
func (s *server) listenError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("listen on %s: %w", s.config.Listen, err)
}

// evioAddr returns the address in evio's form. Even a single loop listens with
// SO_REUSEPORT: without it evio uses package net, which makes a socket of
// Multipath TCP, and that has no TCP_USER_TIMEOUT.
func evioAddr(addr net.Addr) string { return "tcp://" + addr.String() + "?reuseport=true" }

// abandon stops loops that do not accept connections yet.
func (s *server) abandon() {
	for _, l := range s.loops {
		l.proceed <- false
		<-l.ended
		l.closeControl()
	}
}

// run lets the loops accept connections until ctx is done or one of them ends.
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

// ticking sends ticks to the loops until ctx is done or a loop has ended.
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

// stop ends the loops one after the other, because evio closes a listener's
// descriptor twice (package comment).
func (s *server) stop() {
	time.Sleep(time.Until(s.startedAt.Add(settleTime)))
	for _, l := range s.loops {
		l.closeControl()
		<-l.ended
	}
}
