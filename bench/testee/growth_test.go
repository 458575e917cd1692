package testee

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// TestNothingGrows makes thousands of connections, which must leave neither
// goroutines nor memory behind. The first ones fill pools and the free list.
func TestNothingGrows(t *testing.T) {
	first, rest := 2000, 20000
	if testing.Short() {
		first, rest = 500, 2000
	}
	addr := serve(t, Config{Loops: 2, HandshakeTimeout: time.Minute})
	churn(t, addr, first)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	churn(t, addr, rest)
	waitForGoroutines(t, goroutines)
	// 13 bytes for each of 20000 connections: a leak of one pointer each passes, one
	// of a slot, a buffer or a goroutine does not.
	const slack = 256 << 10
	if after := heapInUse(); after > heap+slack {
		t.Errorf("%d bytes of heap in use after %d connections, %d before", after, rest, heap)
	}
}

// churn makes n connections, four at a time. Of every eight, one is refused, one
// is abandoned within the opening handshake, and one after it.
func churn(t *testing.T, addr string, n int) {
	t.Helper()
	var clients sync.WaitGroup
	for worker := range 4 {
		clients.Go(func() {
			for i := worker; i < n; i += 4 {
				visit(t, addr, i/4%8)
			}
		})
	}
	clients.Wait()
}

// visit makes one connection. It waits for the testee's FIN, or abandons the
// connection (kinds 1 and 2).
func visit(t *testing.T, addr string, kind int) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testTimeout))
	switch kind {
	case 0:
		exchange(t, conn, "GET / HTTP/1.1\r\n\r\n")
	case 1:
		io.WriteString(conn, request[:40])
	case 2:
		io.WriteString(conn, request+client(ws.OpText, "x"))
		io.ReadFull(conn, make([]byte, len(response)))
	default:
		exchange(t, conn, request+client(ws.OpText, "x")+client(ws.OpClose, ""))
	}
}

func exchange(t *testing.T, conn net.Conn, in string) {
	io.WriteString(conn, in)
	if n, err := io.Copy(io.Discard, conn); err != nil || n == 0 {
		t.Errorf("%d bytes, error %v; want an answer and a FIN", n, err)
	}
}

// heapInUse returns the bytes of reachable heap objects. The second collection
// frees what finalizers and pools kept through the first.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
