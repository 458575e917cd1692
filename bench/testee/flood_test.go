package testee

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"golang.org/x/sys/unix"
)

const (
	childVariable    = "WSPERF_TESTEE_CHILD"
	childDescriptors = 200
	childLoops       = 2
)

// TestMain runs a testee with few descriptors if childVariable is set.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child serves until its standard input ends.
func child() error {
	few := unix.Rlimit{Cur: childDescriptors / 2, Max: childDescriptors} // Serve raises it to the hard limit
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return Serve(ctx, Config{Listen: "127.0.0.1:0", Loops: childLoops, Ready: func(addr net.Addr) { fmt.Println(addr) }})
}

// startChild starts a child that is stopped at the end of the test, and returns
// its address.
func startChild(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("child: %v", err)
		}
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// TestFlood makes more connections at once than there are descriptors. As many as
// the limit allows stay open, the others are closed, and the testee survives.
func TestFlood(t *testing.T) {
	const limit = childDescriptors - reservedPerProcess - childLoops*reservedPerLoop
	addr := startChild(t)
	var conns []net.Conn
	for range 5 * childDescriptors {
		conns = append(conns, connect(t, addr))
	}
	in := []byte(request + client(ws.OpText, "x"))
	answered := 0
	for _, conn := range conns {
		conn.Write(in)
	}
	for _, conn := range conns {
		if _, err := io.ReadFull(conn, make([]byte, len(response)+3)); err == nil {
			answered++
		}
	}
	if answered != limit {
		t.Errorf("%d of %d connections were served, want %d", answered, len(conns), limit)
	}
	for _, conn := range conns {
		conn.Close()
	}
	conn := retryOpen(t, addr)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testTimeout))
	wsutil.WriteClientText(conn, []byte("alive"))
	if got, err := wsutil.ReadServerText(conn); err != nil || string(got) != "alive" {
		t.Errorf("after the flood: %q, error %v", got, err)
	}
}
