package testee

import (
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTLSStop: no coroutine outlives the testee, whatever its connections wait for.
func TestTLSStop(t *testing.T) {
	before := runtime.NumGoroutine()
	config, trusting := secureConfig(t, true)
	config.Loops = 2
	addr, stop := start(t, config)
	var raws []net.Conn
	hello := clientHello(t, trusting)
	for i := range 20 {
		raw := connect(t, addr)
		raw.Write(hello[:len(hello)-i%2])
		raws = append(raws, raw)
	}
	for _, raw := range raws[:10] {
		raw.Close()
	}
	conn, raw := secureOpen(t, addr, trusting)
	talk2, raw2 := secureConnect(t, addr, trusting)
	talk(t, talk2, raw2)
	stop()
	for _, raw := range raws[10:] {
		expectClosed(t, raw)
	}
	conn.Close()
	raw.Close()
	waitForGoroutines(t, before)
}

// TestTLSNothingGrows is TestNothingGrows for wss://.
func TestTLSNothingGrows(t *testing.T) {
	first, rest := 400, 2000
	if testing.Short() {
		first, rest = 100, 300
	}
	config, trusting := secureConfig(t, true)
	config.HandshakeTimeout = time.Minute
	addr := serve(t, config)
	trusting.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	hello := clientHello(t, trusting)
	secureChurn(t, addr, trusting, hello, first)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	secureChurn(t, addr, trusting, hello, rest)
	waitForGoroutines(t, goroutines+10) // coroutines: as many as handshakes at a time, a few
	// A tls.Conn has 2 KiB and keeps more alive: 600 KiB for 300 of them.
	const slack = 256 << 10
	if after := heapInUse(); after > heap+slack {
		t.Errorf("%d bytes of heap in use after %d connections, %d before", after, rest, heap)
	}
}

// secureChurn makes n connections. Of every four, one is abandoned within the TLS
// handshake and one after it.
func secureChurn(t *testing.T, addr string, c *tls.Config, hello []byte, n int) {
	t.Helper()
	for i := range n {
		raw, err := net.Dial("tcp", addr) // connect would keep it until the test's end
		if err != nil {
			t.Fatal(err)
		}
		raw.SetDeadline(time.Now().Add(testTimeout))
		conn := tls.Client(clientWire{Conn: raw}, c)
		switch i % 4 {
		case 0:
			raw.Write(hello)
			io.ReadFull(raw, make([]byte, 5))
		case 1:
			io.WriteString(conn, request)
			io.ReadFull(conn, make([]byte, len(response)))
		default:
			talk(t, conn, raw)
		}
		raw.Close()
	}
}

func TestTLSSendsAtOnce(t *testing.T) {
	config, trusting := secureConfig(t, true)
	addr := serve(t, config)
	_, raw := secureOpen(t, addr, trusting)
	at := raw.RemoteAddr().(*net.TCPAddr).AddrPort()
	accepted := 0
	for fd := range 1024 {
		if localAddr(fd) != at || isListening(fd) {
			continue
		}
		accepted++
		if on, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); err != nil || on == 0 {
			t.Errorf("TCP_NODELAY of the accepted socket: %d, error %v", on, err)
		}
	}
	if accepted != 1 {
		t.Errorf("%d accepted sockets found", accepted)
	}
}
