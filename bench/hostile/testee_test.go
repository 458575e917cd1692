package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testeeRole is the variable that makes this test program the testee.
const testeeRole = "WSPERF_TEST_HOSTILE_TESTEE"

// parallelRows is how many rows are tested in parallel. Most of their time they
// wait for timeouts.
const parallelRows = "8"

func TestMain(m *testing.M) {
	if os.Getenv(testeeRole) != "" {
		os.Exit(beTestee())
	}
	if text := os.Getenv(clientRole); text != "" {
		os.Exit(beClient(text))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", parallelRows); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func beTestee() int {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testee:", err)
		return 1
	}
	return 0
}

// process is a running testee.
type process struct {
	pid       int
	addresses map[string]string // by the name of the port
	ca        string            // PEM, of its authority
}

// startTestee starts a testee in a process of its own, which ends with the test.
func startTestee(t *testing.T) process {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cmd := exec.Command(os.Args[0], "--listen", ownAddress()+":0", "--ca", ca)
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
	p := process{pid: cmd.Process.Pid, addresses: readAddresses(t, stdout)}
	text, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	p.ca = string(text)
	return p
}

// ownAddress returns a loopback address that no other process uses. On a shared
// one, timeWaits would also count connections that other tests have left and whose
// ports the testee now has.
func ownAddress() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+pid>>16%254, pid>>8&255, pid&255)
}

// readAddresses reads the testee's output up to "ready".
func readAddresses(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	addresses := map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() && lines.Text() != "ready" {
		if name, address, found := strings.Cut(lines.Text(), " on "); found {
			addresses[name] = address
			continue
		}
		t.Log(lines.Text()) // the seed
	}
	if addresses["listening"] == "" || addresses["random"] == "" {
		t.Fatalf("testee did not start: %v, %v", addresses, lines.Err())
	}
	return addresses
}

// TestRunEnds: run returns when its context is cancelled or standard input ends.
func TestRunEnds(t *testing.T) {
	stdin, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name  string
		ctx   context.Context
		stdin io.Reader
	}{{"SIGTERM", ctx, stdin}, {"end of input", t.Context(), strings.NewReader("")}} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if err := run(c.ctx, []string{"--seed", "7"}, c.stdin, &out); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); !strings.HasPrefix(got, "listening on 127.0.0.1:") || !strings.HasSuffix(got, "seed 7\nready\n") {
				t.Errorf("printed %q", got)
			}
		})
	}
	if err := run(ctx, []string{"--listen", "nowhere"}, stdin, io.Discard); err == nil {
		t.Error("run accepts the address \"nowhere\"")
	}
}
