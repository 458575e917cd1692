package testee

import (
	"crypto/rand"
	"fmt"
	"net"

	"github.com/tidwall/evio"
)

// Every loop has a control connection, to itself: a byte on it is a tick, its
// end shuts the loop down. The loop listens for it on a socket in the abstract
// name space (unix(7)), which no file is needed for.

// newControlName returns a name that nobody else has or can guess.
func newControlName() string {
	return fmt.Sprintf("@wsperf-testee-%s", rand.Text())
}

// controlOpened takes the first connection and refuses all others.
func (l *loop) controlOpened(c evio.Conn) evio.Action {
	if l.control != nil {
		return evio.Close
	}
	l.control = c
	close(l.running)
	return evio.None
}

// dialControl connects to the loop, which listens already.
func (l *loop) dialControl() (err error) {
	if l.serveEnd, err = net.Dial("unix", l.controlName); err != nil {
		return fmt.Errorf("connect to a loop of the testee: %w", err)
	}
	return nil
}

// sendTick fails when the loop has ended.
func (l *loop) sendTick() error {
	_, err := l.serveEnd.Write([]byte{0})
	return err
}

// closeControl makes the loop end, if it has begun.
func (l *loop) closeControl() {
	if l.serveEnd != nil {
		l.serveEnd.Close()
	}
}
