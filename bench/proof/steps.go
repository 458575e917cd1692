package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// accept accepts the oldest connection of the accept queue.
func (s *server) accept(t task) error {
	s.queued--
	fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if errors.Is(err, unix.ECONNABORTED) { // the client is gone
		s.record.Broken++
		return nil
	}
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	s.record.steps[stepAccept].done(t.begunNs, t.dueNs, s.nowNs())
	s.record.Accepted++
	c := &conn{fd: fd, arrived: t.begunNs}
	s.conns[fd] = c
	if err := s.epoll.watch(fd); err != nil {
		return err
	}
	s.readable(c) // the request has often come by now
	return nil
}

// readable reads what has come, up to EAGAIN because events are edge-triggered.
func (s *server) readable(c *conn) {
	for {
		n, err := unix.Read(c.fd, s.buffer[:])
		switch {
		case errors.Is(err, unix.EAGAIN):
			return
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || n == 0:
			s.broken(c)
			return
		}
		nowNs := s.nowNs()
		c.received = append(c.received, s.buffer[:n]...)
		complete, err := c.parse()
		if err != nil {
			s.broken(c)
			return
		}
		if complete {
			s.received(c, nowNs)
		}
	}
}

// received makes the reply to a request or a close frame due.
func (s *server) received(c *conn, nowNs int64) {
	which := stepClose
	if !c.opened {
		which = stepAnswer
		s.requests++
		if s.cfg.refuse > 0 && s.requests%s.cfg.refuse == 0 {
			c.reply, c.refused = []byte(forbidden), true
		}
	}
	s.schedule(c, which, nowNs)
}

func (s *server) schedule(c *conn, which step, begunNs int64) {
	c.waits = true
	s.tasks.add(task{step: which, c: c, begunNs: begunNs, dueNs: begunNs + s.next(which)})
}

// do does a step that is due. The stamp is taken before the system call: the kernel
// delivers what is sent on loopback within the call.
func (s *server) do(t task) {
	c, nowNs := t.c, s.nowNs()
	c.waits = false
	if t.step == stepFin {
		s.record.Ended++
		s.drop(c)
	} else if err := s.send(c); err != nil {
		s.broken(c)
		return
	}
	s.record.steps[t.step].done(t.begunNs, t.dueNs, nowNs)
	switch {
	case t.step == stepClose:
		s.record.Closed++
		s.schedule(c, stepFin, nowNs)
	case t.step == stepAnswer && c.refused:
		s.record.Refused++
		s.drop(c)
	case t.step == stepAnswer:
		s.record.Opened++
		recordNs(s.record.serve, nowNs-c.arrived)
		c.opened = true
	}
}

// send sends the reply. It fits in the socket's empty buffer.
func (s *server) send(c *conn) error {
	n, err := unix.SendmsgN(c.fd, c.reply, nil, nil, unix.MSG_NOSIGNAL)
	if err == nil && n < len(c.reply) {
		err = unix.EAGAIN
	}
	return err
}

// broken ends a connection that did not go as it should.
func (s *server) broken(c *conn) {
	s.record.Broken++
	s.drop(c)
}

// drop closes a connection, which sends our FIN. A descriptor leaves the epoll set when it
// is closed.
func (s *server) drop(c *conn) {
	delete(s.conns, c.fd)
	unix.Close(c.fd)
}
