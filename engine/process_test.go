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
	"runtime"
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

func TestMain(m *testing.M) {
	if listen := os.Getenv(testeeRole); listen != "" {
		os.Exit(beTestee(listen))
	}
	if os.Getenv(securedRole) != "" {
		os.Exit(beSecured())
	}
	if addr := os.Getenv(clientRole); addr != "" {
		os.Exit(beClient(addr))
	}
	if text := os.Getenv(stoppedRole); text != "" {
		os.Exit(beStopped(text))
	}
	if os.Getenv(inheritedRole) != "" {
		os.Exit(serveInherited())
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

// linesOfLoop returns the lines of the thread that connects, without its number. Other
// threads open sockets as well: before the run, some are bound to find out which ports are
// free.
func linesOfLoop(trace string) (lines []string) {
	of := map[string][]string{} // by thread
	loop := ""
	for line := range strings.Lines(trace) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		of[thread] = append(of[thread], call)
		if strings.HasPrefix(call, "connect(") {
			loop = thread
		}
	}
	return of[loop]
}

// clientConnections is how many connections a client makes, one in flight at a time.
const clientConnections = 20

// configTo returns the configuration of a client of one loop.
func configTo(addr string) Config {
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: addr})
	if err != nil {
		panic(err)
	}
	return Config{
		Addr: netip.MustParseAddrPort(addr), Request: request, Rules: handshake.NewRules(nil),
		Loops: 1, Load: Load{Connections: clientConnections, Low: 1, High: 1}, CloseCode: 1000,
		ConnectTimeout: time.Minute, OpenTimeout: time.Minute, CloseTimeout: time.Minute,
	}
}

func beClient(addr string) int {
	runtime.LockOSThread() // the loop, which a test traces, has another thread than Prepare
	run, _, err := Prepare(configTo(addr))
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
	return startRole(t, testeeRole+"="+listen, start)
}

// startRole starts this test program in a role that its environment tells it, and returns the first line that it says.
// It ends with its standard input.
func startRole(t testing.TB, role string, start func(*exec.Cmd) error) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role)
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
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("testee did not start: %v", err)
	}
	return strings.TrimSpace(line)
}
