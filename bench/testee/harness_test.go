package testee

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// testTimeout bounds every wait for an event that must happen.
const testTimeout = 20 * time.Second

// serve runs a testee until the end of the test, and returns its address.
func serve(t *testing.T, c Config) string {
	t.Helper()
	addr, stop := start(t, c)
	t.Cleanup(stop)
	return addr
}

// start runs a testee until stop is called, which checks that Serve returned nil.
func start(t *testing.T, c Config) (addr string, stop func()) {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	c.Ready = func(addr net.Addr) { ready <- addr }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- Serve(ctx, c) }()
	select {
	case a := <-ready:
		addr = a.String()
	case err := <-ended:
		cancel()
		t.Fatalf("ended before it was ready: %v", err)
	}
	return addr, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
}

// connect makes a TCP connection that is closed at the end of the test.
func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(testTimeout))
	return conn
}

// open makes a connection and does the opening handshake with gobwas/ws.
func open(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func dial(addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	conn, early, _, err := ws.Dial(ctx, "ws://"+addr+"/")
	if err != nil {
		return nil, err
	}
	if early != nil {
		conn.Close()
		return nil, errors.New("bytes after the 101, before the client has sent a frame")
	}
	conn.SetDeadline(time.Now().Add(testTimeout))
	return conn, nil
}

// expectBytes reads len(want) bytes and compares them.
func expectBytes(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("got %q, error %v; want %q", got, err, want)
	}
}

// expectFIN fails the test unless the testee sends a FIN and no bytes before it.
func expectFIN(t *testing.T, conn net.Conn) {
	t.Helper()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("read %q, error %v; want no bytes and a FIN", rest, err)
	}
}

// expectClosed fails the test unless the testee ends the connection with a FIN or
// an RST.
func expectClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("connection was not closed: %v", err)
	}
}

// expectEchoes has binary messages of these sizes echoed.
func expectEchoes(t *testing.T, conn net.Conn, sizes ...int) {
	t.Helper()
	for _, size := range sizes {
		sent := bytes.Repeat([]byte("abc"), size/3+1)[:size]
		written := make(chan error, 1)
		go func() { written <- wsutil.WriteClientBinary(conn, sent) }()
		got, err := wsutil.ReadServerBinary(conn)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes: got %d, error %v", size, len(got), err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
}

// expectRefusal sends a request without a Host header, and fails the test unless the answer is status
// 400 and the end of the connection.
func expectRefusal(t *testing.T, conn net.Conn) {
	t.Helper()
	io.WriteString(conn, strings.Replace(request, "Host", "Toast", 1))
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, string(got), 400, nil)
}

// tooBig is the head of a frame that is too big and n bytes of its payload, which is not read. That looks like
// close frames.
func tooBig(n int) string {
	const closing = "\x88\x80\x00\x00\x00\x00"
	return "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00" + strings.Repeat(closing, n/len(closing))
}

// retryOpen calls dial until the testee accepts the connection.
func retryOpen(t *testing.T, addr string) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; {
		conn, err := dial(addr)
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatalf("no connection: %v", err)
		}
	}
}

// waitForGoroutines waits until there are no more than before.
func waitForGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
