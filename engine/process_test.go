package engine

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

	"wsperf/bench/testee"
)

// testeeRole makes this test program the built-in testee, in a process of its
// own, so that what it allocates is not counted as the engine's.
const testeeRole = "WSPERF_TEST_TESTEE"

func TestMain(m *testing.M) {
	if os.Getenv(testeeRole) != "" {
		os.Exit(beTestee())
	}
	os.Exit(m.Run())
}

// beTestee serves until standard input ends, which it does with the test.
func beTestee() int {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	err := testee.Serve(ctx, testee.Config{
		Listen: "127.0.0.1:0", Loops: 1,
		Ready: func(addr net.Addr) { fmt.Println(addr) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startTestee starts the built-in testee in a process and returns its address.
func startTestee(t testing.TB) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), testeeRole+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
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
