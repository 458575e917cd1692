//go:build !race

// Not under the race detector: there sync.Pool drops items at random, so the
// upgrader allocates.

package testee

import (
	"testing"

	"github.com/gobwas/ws"
)

func TestAllocations(t *testing.T) {
	in := []byte(client(ws.OpText, "hello") + client(ws.OpPing, "hello"))
	buf, out := make([]byte, len(in)), make([]byte, 0, 4096)
	s := session{state: inHeader}
	if n := testing.AllocsPerRun(1000, func() {
		copy(buf, in)
		s.feed(buf, out)
	}); n != 0 {
		t.Errorf("text and ping: %v allocations", n)
	}
	in = []byte(client(ws.OpClose, body(1000, "bye")))
	buf = make([]byte, len(in))
	if n := testing.AllocsPerRun(1000, func() {
		copy(buf, in)
		s = session{state: inHeader}
		if _, o := s.feed(buf, out); o != finished {
			t.Fatal("close frame not answered")
		}
	}); n != 0 {
		t.Errorf("close: %v allocations", n)
	}
	// ws.Upgrader allocates the method value header.WriteTo.
	buf = make([]byte, len(request))
	if n := testing.AllocsPerRun(1000, func() {
		copy(buf, request)
		s = session{}
		s.feed(buf, out)
	}); n > 1 {
		t.Errorf("opening handshake in one piece: %v allocations", n)
	}
}
