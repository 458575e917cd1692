package testee

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// TestStalledClientIsDropped has a client that sends and does not read. The
// buffers of both sides fill up, and the testee's output then makes no progress.
func TestStalledClientIsDropped(t *testing.T) {
	for _, loops := range []int{1, 2} {
		addr := serve(t, Config{Loops: loops, StallTimeout: 50 * time.Millisecond})
		conn := open(t, addr).(*net.TCPConn)
		if err := conn.SetReadBuffer(4096); err != nil { // fills up sooner
			t.Fatal(err)
		}
		frame := []byte(client(ws.OpBinary, string(make([]byte, 64<<10))))
		var err error
		for err == nil {
			_, err = conn.Write(frame)
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%d loops: write: %v, want ECONNRESET or EPIPE", loops, err)
		}
	}
}

func TestLimitStalls(t *testing.T) {
	addr := serve(t, Config{Loops: 2, StallTimeout: 1234 * time.Millisecond})
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fds, err := listeningOn(at.AddrPort())
	if err != nil || len(fds) < 2 {
		t.Fatalf("descriptors %v, error %v; want two or more", fds, err)
	}
	for _, fd := range fds {
		if ms, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); err != nil || ms != 1234 {
			t.Errorf("descriptor %d: %d ms, error %v", fd, ms, err)
		}
	}
	checkError(t, limitStalls(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, time.Second),
		"sockets that listen on 127.0.0.1:1: no socket of this process listens there")
}
