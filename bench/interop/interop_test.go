//go:build interop

package interop

import (
	"bytes"
	"cmp"
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
	"wsperf/stats/file"
)

const (
	testees     = "../testees"
	connections = 20000
	workers     = 2
	port        = 9000 // in a network namespace of its own
	startWithin = 60 * time.Second
)

// TestTestees runs 20000 handshakes against every testee that this machine can have.
func TestTestees(t *testing.T) {
	wsperf := build(t)
	folders, err := filepath.Glob(filepath.Join(testees, "*", "start"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no testees: %v", err)
	}
	var table strings.Builder
	for _, start := range folders {
		folder := filepath.Dir(start)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			install(t, folder)
			if err := enterNamespace(); err != nil {
				t.Fatalf("the kernel's counters are compared in a namespace, which needs root: %v", err)
			}
			serve(t, folder)
			row(&table, filepath.Base(folder), runAndCompare(t, wsperf))
		})
	}
	t.Logf("low 250, high 500, %d handshakes each, %d workers:\n\n%s%s", connections, workers, tableHead, table.String())
}

const tableHead = "| testee | handshakes/s | median ms | q99 ms | fail |\n|---|---|---|---|---|\n"

// row adds a testee to the table.
func row(table *strings.Builder, name string, r *stats.Result) {
	open := r.Phases[stats.PhaseOpen].Success
	fmt.Fprintf(table, "| %s | %.0f | %.1f | %.1f | %d |\n", name, r.HandshakesPerSecond(),
		float64(open.ValueAtQuantile(50))/1000, float64(open.ValueAtQuantile(99))/1000, r.Fail)
}

// runAndCompare runs wsperf and holds its report against what the kernel counted.
func runAndCompare(t *testing.T, wsperf string) *stats.Result {
	t.Helper()
	before, err := readCounters(port)
	if err != nil {
		t.Fatal(err)
	}
	result := runAgainst(t, wsperf)
	after, err := readCounters(port)
	if err != nil {
		t.Fatal(err)
	}
	check(t, result, before, after)
	return result
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
		t.Skipf("testee %s cannot be installed: %v\n%s", filepath.Base(folder), err, out)
	}
}

// serve starts the testee in a process group of its own and waits until it listens.
func serve(t *testing.T, folder string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "start"), strconv.Itoa(port), strconv.Itoa(workers))
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
	if err := listening(ended); err != nil {
		t.Fatal(err)
	}
}

// listening waits until the port accepts connections.
func listening(ended <-chan struct{}) error {
	deadline := time.After(startWithin)
	for {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			// An RST: a FIN of ours would leave TIME_WAIT behind, which is looked for.
			return cmp.Or(c.(*net.TCPConn).SetLinger(0), c.Close())
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
func runAgainst(t *testing.T, wsperf string) *stats.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.Command(wsperf, "run", fmt.Sprintf("ws://127.0.0.1:%d/", port),
		"--conns", strconv.Itoa(connections), "--low", "250", "--high", "500", "--out", path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("\n%s", out)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	result, err := file.Read(f) // which checks the identity of the counts
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// check holds the report against the load that was asked for, and against the
// kernel: as many connections as were started, a reset only where the report
// says so, and TIME_WAIT on the testee's side.
func check(t *testing.T, r *stats.Result, before, after counters) {
	t.Helper()
	if r.Total != connections || r.Success != connections || r.Fail != 0 {
		t.Errorf("%d started, %d successes, %d fails; want %d successes", r.Total, r.Success, r.Fail, connections)
	}
	if opens := after.activeOpens - before.activeOpens; opens != connections {
		t.Errorf("the kernel counted %d connections, want %d", opens, connections)
	}
	// A reset can be counted at both ends, which are of one kernel here; and that
	// of the probe (listening) may come late.
	resets, most := after.estabResets-before.estabResets, 2*int64(r.Fin.Reset+r.Fin.Timeout)+1
	if resets > most {
		t.Errorf("the kernel counted %d resets, the report accounts for %d at most: %+v", resets, most, r.Fin)
	}
	if after.timeWait != 0 {
		t.Errorf("%d connections are in TIME_WAIT on the client's side, want none", after.timeWait)
	}
}
