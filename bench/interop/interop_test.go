//go:build interop

package interop

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/report"
)

const (
	testees     = "../testees"
	connections = 20000
	startWithin = 30 * time.Second
)

// TestTestees runs 20000 handshakes against every testee that this machine can have.
func TestTestees(t *testing.T) {
	wsperf := build(t)
	folders, err := filepath.Glob(filepath.Join(testees, "*", "start"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no testees: %v", err)
	}
	for _, start := range folders {
		folder := filepath.Dir(start)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			install(t, folder)
			check(t, runAgainst(t, wsperf, serve(t, folder)))
		})
	}
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wsperf")
	if out, err := exec.Command("go", "build", "-o", path, "wsperf/cmd/wsperf").CombinedOutput(); err != nil {
		t.Fatalf("build wsperf: %v\n%s", err, out)
	}
	return path
}

// install skips the testee, loudly, when this machine cannot have it.
func install(t *testing.T, folder string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(folder, "install")).CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED testee %s: it cannot be installed: %v\n%s", filepath.Base(folder), err, out)
	}
}

// serve starts the testee in a process group of its own and returns its port.
func serve(t *testing.T, folder string) (port int) {
	t.Helper()
	port = freePort(t)
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "start"), strconv.Itoa(port), "1")
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // what it said tells more
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if t.Failed() {
			t.Logf("the testee said:\n%s", out.String())
		}
	})
	if err := listening(port, ended); err != nil {
		t.Fatal(err)
	}
	return port
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// listening waits until the port accepts connections.
func listening(port int, ended <-chan struct{}) error {
	deadline := time.After(startWithin)
	for {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return errors.New("the testee ended")
		case <-deadline:
			return errors.New("the testee does not listen")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// runAgainst runs wsperf as a user would and returns what it wrote.
func runAgainst(t *testing.T, wsperf string, port int) *stats.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.Command(wsperf, "run", fmt.Sprintf("ws://127.0.0.1:%d/", port),
		"--conns", strconv.Itoa(connections), "--low", "250", "--high", "500", "--out", file)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rate, _, _ := strings.Cut(string(out), "\n\n     Min")
	t.Logf("\n%s", rate)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	result, err := report.ReadJSON(f) // which checks the identity of the counts
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func check(t *testing.T, r *stats.Result) {
	t.Helper()
	if r.Total != connections || r.Success != connections || r.Fail != 0 {
		t.Errorf("%d started, %d successes, %d fails; want %d successes", r.Total, r.Success, r.Fail, connections)
	}
}
