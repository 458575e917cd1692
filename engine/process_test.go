package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	builtin "wsperf/bench/testee"
	"wsperf/handshake"
)

// testeeRole is the environment variable that makes this test program the built-in
// testee, which listens on the address in its value. In a process of its own, its
// allocations are not counted as the engine's.
const testeeRole = "WSPERF_TEST_TESTEE"

// clientRole is the environment variable that makes this test program a client of the
// address in its value, so that a test can trace the process.
const clientRole = "WSPERF_TEST_CLIENT"

// longClientRole is clientRole with a request of more than leastSegment bytes.
const longClientRole = "WSPERF_TEST_LONG_CLIENT"

func TestMain(m *testing.M) {
	if listen := os.Getenv(testeeRole); listen != "" {
		os.Exit(beTestee(listen))
	}
	if addr := os.Getenv(clientRole); addr != "" {
		os.Exit(beClient(addr, nil))
	}
	if addr := os.Getenv(longClientRole); addr != "" {
		os.Exit(beClient(addr, []handshake.Header{{Name: "X-Padding", Value: strings.Repeat("x", leastSegment)}}))
	}
	os.Exit(m.Run())
}

// straceOrSkip returns the path of strace(1).
func straceOrSkip(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed (apt-get install strace)")
	}
	return path
}

// clientConnections is how many connections a client makes, one in flight at a time.
const clientConnections = 20

func beClient(addr string, headers []handshake.Header) int {
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: addr, Headers: headers})
	if err != nil {
		panic(err)
	}
	run, _, err := Prepare(Config{
		Addr: netip.MustParseAddrPort(addr), Request: request, Rules: handshake.NewRules(nil),
		Loops: 1, Load: Load{Connections: clientConnections, Low: 1, High: 1}, CloseCode: 1000,
		ConnectTimeout: time.Minute, OpenTimeout: time.Minute, CloseTimeout: time.Minute,
	})
	if err != nil {
		panic(err)
	}
	defer run.Close()
	result, err := run.Do(context.Background())
	if err != nil || result.Success != clientConnections {
		fmt.Fprintln(os.Stderr, err, causes(result))
		return 1
	}
	return 0
}

// beTestee serves until its standard input ends, which happens at the end of the test.
func beTestee(listen string) int {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	err := builtin.Serve(ctx, builtin.Config{
		Listen: listen, Loops: 1,
		Ready: func(addr net.Addr) { fmt.Println(addr) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startTestee starts the built-in testee in a process of its own and returns its address.
func startTestee(t testing.TB) string {
	t.Helper()
	return startTesteeOn(t, "127.0.0.1:0", (*exec.Cmd).Start)
}

// startTesteeOn starts it with that address to listen on, and with a function that starts
// the process: in a network namespace, for example.
func startTesteeOn(t testing.TB, listen string, start func(*exec.Cmd) error) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), testeeRole+"="+listen)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("testee: %v", err)
		}
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("testee did not start: %v", err)
	}
	return strings.TrimSpace(addr)
}
