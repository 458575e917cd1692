package testee

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

func TestEcho(t *testing.T) {
	addr := serve(t, Config{Loops: 2})
	conn := open(t, addr)
	expectEchoes(t, conn, 0, 1, 125, 126, 65535, 65536, maxPayloadBytes)
	if err := wsutil.WriteClientMessage(conn, ws.OpPing, []byte("are you there")); err != nil {
		t.Fatal(err)
	}
	expectBytes(t, conn, testeeFrame(ws.OpPong, "are you there"))
}

func TestClose(t *testing.T) {
	addr := serve(t, Config{Loops: 1})
	for _, sent := range []string{"", body(1000, ""), body(1001, "going"), body(4000, "")} {
		conn := open(t, addr)
		if err := wsutil.WriteClientMessage(conn, ws.OpClose, []byte(sent)); err != nil {
			t.Fatal(err)
		}
		expectBytes(t, conn, testeeFrame(ws.OpClose, sent[:min(2, len(sent))]))
		expectFIN(t, conn)
	}
}

// TestOneWriteAndByteByByte sends all that a client sends in one write, and then
// byte by byte.
func TestOneWriteAndByteByByte(t *testing.T) {
	addr := serve(t, Config{Loops: 1})
	in := []byte(request + client(ws.OpText, "hello") + client(ws.OpClose, body(1000, "")))
	want := response + testeeFrame(ws.OpText, "hello") + closeFrame(1000)
	for _, pieces := range [][][]byte{{in}, bytewise(in)} {
		conn := connect(t, addr)
		for _, piece := range pieces {
			if _, err := conn.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != want {
			t.Errorf("%d pieces: got %q, error %v; want %q", len(pieces), got, err, want)
		}
	}
}

func TestBadRequest(t *testing.T) {
	addr := serve(t, Config{Loops: 1})
	expectRefusal(t, connect(t, addr))
}

// TestFailureArrives: the close frame must arrive although the testee has unread
// input, for which an immediate close would send RST. The testee must not parse
// that input.
func TestFailureArrives(t *testing.T) {
	addr := serve(t, Config{Loops: 1, LingerTimeout: time.Minute})
	conn := open(t, addr).(*net.TCPConn)
	if _, err := io.WriteString(conn, tooBig(6<<17)); err != nil {
		t.Fatal(err)
	}
	conn.CloseWrite()
	if got, err := io.ReadAll(conn); err != nil || string(got) != closeFrame(1009) {
		t.Errorf("got %q, error %v; want %q and a FIN", got, err, closeFrame(1009))
	}
}

func TestLingerEnds(t *testing.T) {
	addr := serve(t, Config{Loops: 1, LingerTimeout: 10 * time.Millisecond})
	conn := open(t, addr)
	io.WriteString(conn, testeeFrame(ws.OpText, "not masked"))
	if got, err := io.ReadAll(conn); err != nil || string(got) != closeFrame(1002) {
		t.Errorf("got %q, error %v; want %q and a FIN", got, err, closeFrame(1002))
	}
}

func TestSilentClients(t *testing.T) {
	addr := serve(t, Config{Loops: 2, HandshakeTimeout: 30 * time.Millisecond})
	opened := retryOpen(t, addr) // on a busy machine the timeout may hit this client too
	defer opened.Close()
	for _, sent := range []string{"", "GET / HTTP/1.1\r\n", request[:len(request)-1]} {
		conn := connect(t, addr)
		io.WriteString(conn, sent)
		expectFIN(t, conn)
	}
	// The timeout is for the opening handshake only.
	if err := wsutil.WriteClientText(opened, []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if got, err := wsutil.ReadServerText(opened); err != nil || string(got) != "still here" {
		t.Errorf("echo of a connection that was silent: %q, error %v", got, err)
	}
}

// TestDrippingClient: the timeout is for the whole opening handshake. Further
// bytes do not extend it.
func TestDrippingClient(t *testing.T) {
	addr := serve(t, Config{Loops: 1, HandshakeTimeout: 30 * time.Millisecond})
	conn := connect(t, addr)
	over := make(chan error, 1)
	go func() {
		answer, err := io.ReadAll(conn)
		if len(answer) > 0 {
			err = fmt.Errorf("an answer: %q", answer)
		}
		over <- err
	}()
	drip := time.NewTicker(time.Millisecond)
	defer drip.Stop()
	for {
		select {
		case err := <-over:
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the testee did not close the connection: %v", err)
			}
			return
		case <-drip.C:
			conn.Write([]byte{'x'})
		}
	}
}

func TestConnectionsAtATime(t *testing.T) {
	const limit = 5
	addr := serve(t, Config{Loops: 2, MaxConnections: limit})
	var conns []net.Conn
	for range limit {
		conns = append(conns, open(t, addr))
	}
	for range 3 {
		expectClosed(t, connect(t, addr))
	}
	// The open connections are not affected. When one is closed, another is accepted.
	wsutil.WriteClientMessage(conns[0], ws.OpClose, nil)
	expectBytes(t, conns[0], testeeFrame(ws.OpClose, ""))
	expectFIN(t, conns[0])
	another := retryOpen(t, addr)
	defer another.Close()
	for _, conn := range append(conns[1:], another) {
		wsutil.WriteClientText(conn, []byte("x"))
		if got, err := wsutil.ReadServerText(conn); err != nil || string(got) != "x" {
			t.Errorf("echo: %q, error %v", got, err)
		}
	}
}

// TestLoopsShareThePort: each of two loops gets some of 64 connections, except
// with a probability of 2^-63.
func TestLoopsShareThePort(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(listen, func(t *testing.T) {
			c := Config{Listen: listen, Loops: 2}.withDefaults()
			s := &server{config: c, admission: admission{limit: 64}}
			if err := s.listen(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- s.run(ctx) }()
			for range 64 {
				open(t, s.addr.String())
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			for i, l := range s.loops {
				if l.free == nil {
					t.Errorf("loop %d had no connections", i)
				}
			}
			if n := s.admission.open.Load(); n != 0 {
				t.Errorf("%d connections open at the end", n)
			}
		})
	}
}

func TestPortIsTaken(t *testing.T) {
	for _, loops := range []int{1, 2} {
		for _, first := range []int{1, 2} {
			addr := serve(t, Config{Loops: first})
			ctx, cancel := context.WithCancel(t.Context())
			err := Serve(ctx, Config{Listen: addr, Loops: loops, Ready: func(net.Addr) { cancel() }})
			cancel()
			checkError(t, err, "listen on "+addr+": bind: address already in use")
		}
	}
}

func TestStop(t *testing.T) {
	before := runtime.NumGoroutine()
	addr, stop := start(t, Config{Loops: 2})
	conn, silent := open(t, addr), connect(t, addr)
	stop()
	expectClosed(t, conn)
	expectClosed(t, silent)
	waitForGoroutines(t, before)
	// The port is free for a second testee.
	_, stop = start(t, Config{Listen: addr, Loops: 1})
	stop()
	waitForGoroutines(t, before)
}

func TestStopBeforeStart(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ready := func(net.Addr) { t.Error("ready, although it should not run") }
	if err := Serve(ctx, Config{Listen: "127.0.0.1:0", Loops: 3, Ready: ready}); err != nil {
		t.Error(err)
	}
	waitForGoroutines(t, before)
}

func TestStopAtOnce(t *testing.T) {
	for range 3 {
		_, stop := start(t, Config{Loops: 2})
		stop()
	}
}

func TestServeRefuses(t *testing.T) {
	checkError(t, Serve(t.Context(), Config{Listen: "127.0.0.1:0"}), "loops 0")
	checkError(t, Serve(t.Context(), Config{Listen: "192.0.2.1:0", Loops: 1}), "listen on 192.0.2.1:0: bind: cannot assign requested address")
	checkError(t, Serve(t.Context(), Config{Listen: "192.0.2.1:0", Loops: 2}), "listen on 192.0.2.1:0: bind: cannot assign requested address")
	checkError(t, Serve(t.Context(), Config{Listen: "127.0.0.1:0", Loops: 1, MaxConnections: 1 << 40}), "allows at most")
}
