package testee

import (
	"reflect"

	"github.com/tidwall/evio"
	"golang.org/x/sys/unix"
)

// evio writes output in its next round. By then the loop may have computed dozens of
// TLS handshakes, and waiting for the socket costs two calls of epoll_ctl(2). So with
// TLS the output is written at once. evio gets what the socket does not take, and
// finds the error, if there is one.

// write returns the part of the output that the socket does not take.
func write(c evio.Conn, out []byte) (rest []byte) {
	if len(out) == 0 {
		return nil
	}
	n, _ := unix.Write(descriptor(c), out)
	return out[max(n, 0):]
}

// halfClose sends FIN, for which evio has nothing. With TLS the client may answer the
// testee's close_notify with its own, at any time until it has seen the testee's FIN.
// close(2) would answer that, unread or late, with RST, which can overtake the close
// frame. So it has to wait for the client's FIN.
func halfClose(c evio.Conn) error { return unix.Shutdown(descriptor(c), unix.SHUT_WR) }

// descriptor reads a field of evio 1.0.8's type, and panics if there is no such
// field.
func descriptor(c evio.Conn) int {
	return int(reflect.ValueOf(c).Elem().FieldByName("fd").Int())
}
