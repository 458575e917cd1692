package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
)

// leastSegment is the request's length above which it may take several segments (RFC 9293
// section 3.7.1).
const leastSegment = 536

// TestNoDelayForLongRequests: a request that may take several segments has TCP_NODELAY
// set on each socket, of which none is kept across a network; a short one has not.
func TestNoDelayForLongRequests(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed (apt-get install strace)")
	}
	link := network(t, emulator.Config{Delay: 500 * time.Microsecond})
	builtIn(t, link, far4)
	for name, c := range map[string]struct {
		padding string
		want    int
	}{"short": {"x", 0}, "long": {strings.Repeat("x", leastSegment), 20}} {
		file := filepath.Join(t.TempDir(), "calls")
		out, err := runNear(t, link, []string{strace, "-f", "-e", "trace=setsockopt", "-o", file,
			wsperf(t), "run", "ws://" + far4.String() + "/", "--conns", "20", "--loops", "0", "--quiet", "--header", "X-Padding: " + c.padding})
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(text), "TCP_NODELAY"); got != c.want {
			t.Errorf("%s request: TCP_NODELAY is set %d times for 20 connections, want %d", name, got, c.want)
		}
	}
}
