package testee

import (
	"crypto/rand"
	"fmt"
	"net"

	"github.com/tidwall/evio"
)

// Every loop has a control connection, which Serve makes to it. A byte on it is a
// tick, and its end shuts the loop down. The loop listens for it on a socket in
// the abstract namespace (unix(7)), which needs no file.

// newControlName returns an unguessable name: any local user can connect to an
// abstract socket.
func newControlName() string {
	return fmt.Sprintf("@wsperf-testee-%s", rand.Text())
}

// controlOpened keeps the first connection and closes all others.
func (l *loop) controlOpened(c evio.Conn) evio.Action {
	if l.control != nil {
		return evio.Close
	}
	l.control = c
	close(l.running)
	return evio.None
}

// dialControl connects to the loop, which must be listening.
func (l *loop) dialControl() (err error) {
	if l.serveEnd, err = net.Dial("unix", l.controlName); err != nil {
		return fmt.Errorf("connect to a loop of the testee: %w", err)
	}
	return nil
}

// sendTick returns an error if the loop has ended.
func (l *loop) sendTick() error {
	_, err := l.serveEnd.Write([]byte{0})
	return err
}

// closeControl ends the loop. It does nothing before dialControl.
func (l *loop) closeControl() {
	if l.serveEnd != nil {
		l.serveEnd.Close()
	}
}
