package testee

import (
	"runtime"
	"testing"
)

func TestIdleHandshakersAreBounded(t *testing.T) {
	before := runtime.NumGoroutine()
	server := newTLSServer(NewTLSConfig(selfSignedFor(t), true))
	var conns []*tlsConn
	for range maxIdleHandshakers + 10 {
		x := server.accept()
		x.feed(&session{}, []byte{22}, nil)
		conns = append(conns, x)
	}
	for _, x := range conns {
		x.abandon()
		x.abandon() // a second time does nothing
	}
	if n := len(server.handshakers); n != maxIdleHandshakers {
		t.Errorf("%d idle coroutines", n)
	}
	if x := server.accept(); len(server.handshakers) != maxIdleHandshakers-1 {
		t.Error("none is used again")
	} else {
		x.abandon()
	}
	server.handshakers.stop()
	waitForGoroutines(t, before)
}
