package testee

import (
	"reflect"

	"github.com/tidwall/evio"
	"golang.org/x/sys/unix"
)

// With TLS the client may answer the testee's close_notify with its own, at any
// time until it has seen the testee's FIN. close(2) would answer that, unread or
// late, with RST, which can overtake the close frame and takes the FIN's place. So
// the testee sends FIN with shutdown(2), and discards input until the client's FIN.
// evio has no half-close and does not expose its descriptors.

// halfClose sends the last output and FIN. It reports false if the socket does not
// take all of the output at once; rest is what it did not take.
func halfClose(c evio.Conn, out []byte) (rest []byte, ok bool) {
	fd := descriptor(c)
	n, err := unix.Write(fd, out)
	if n < len(out) {
		return out[max(n, 0):], false
	}
	if err == nil {
		err = unix.Shutdown(fd, unix.SHUT_WR)
	}
	return nil, err == nil
}

// descriptor reads a field of evio 1.0.8's type, and panics if there is no such
// field.
func descriptor(c evio.Conn) int {
	return int(reflect.ValueOf(c).Elem().FieldByName("fd").Int())
}
