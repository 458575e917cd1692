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

	"wsperf/bench/link/netns"
	"wsperf/stats"
	"wsperf/stats/file"
)

const (
	testees     = "../testees"
	workers     = 2
	port        = 9000 // in a network namespace of its own
	startWithin = 60 * time.Second
)

// load is a run of wsperf.
type load struct {
	url         string
	connections int
	options     []string
	besides     int64 // connections that are in no count: of each loop, for its first ticket
	phase       stats.Phase
}

var plain = load{url: "ws://127.0.0.1:%d/", connections: 20000, phase: stats.PhaseOpen}

// TestTestees makes 20000 handshakes with every testee that can be installed.
func TestTestees(t *testing.T) {
	wsperf := build(t)
	var table strings.Builder
	eachTestee(t, "TLS=", func(t *testing.T, name string) {
		row(&table, name, plain, runAndCompare(t, wsperf, plain))
		checkWrongScheme(t, wsperf, "wss", "ws", "--secure-timeout")
	})
	t.Logf("low 250, high 500, %d workers:\n\n%s%s", workers, tableHead, table.String())
}

// TestTesteesSecured makes 5000 full and 5000 resumed TLS handshakes with every testee that can be installed.
func TestTesteesSecured(t *testing.T) {
	wsperf := build(t)
	ca := authority(t)
	full := load{url: "wss://127.0.0.1:%d/", connections: 5000, options: []string{"--cacert", ca, "--loops", "1"}, phase: stats.PhaseSecure}
	resumed := full
	resumed.options, resumed.besides, resumed.phase = append(full.options, "--tls-resume", "100"), 1, stats.PhaseSecureResumed
	var table strings.Builder
	eachTestee(t, "TLS=1", func(t *testing.T, name string) {
		row(&table, name, full, runAndCompare(t, wsperf, full))
		r := runAndCompare(t, wsperf, resumed)
		row(&table, name+" resumed", resumed, r)
		if r.TLS.Tried != r.Total || r.TLS.Resumed == 0 {
			t.Errorf("%d resumed of %d that tried", r.TLS.Resumed, r.TLS.Tried)
		}
		checkWrongScheme(t, wsperf, "ws", "wss", "--open-timeout")
	})
	t.Logf("low 250, high 500, %d workers:\n\n%s%s", workers, tableHead, table.String())
}

// authority returns the file with the certificate of the testees' CA.
func authority(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(testees, "certificate")).Output()
	if err != nil {
		t.Fatalf("make a certificate: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "ca.pem")
}

// eachTestee installs and starts one testee after the other, with something in its environment, each in a network namespace of its own.
func eachTestee(t *testing.T, environment string, f func(t *testing.T, name string)) {
	folders, err := filepath.Glob(filepath.Join(testees, "*", "start"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no testees: %v", err)
	}
	for _, start := range folders {
		folder := filepath.Dir(start)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			install(t, folder)
			if err := netns.Enter(); err != nil {
				t.Fatalf("the test reads the kernel's counters in a network namespace of its own: %v", err)
			}
			serve(t, folder, environment)
			f(t, filepath.Base(folder))
		})
	}
}

const tableHead = "| testee | handshakes/s | phase | median ms | q99 ms | resumed | fail |\n|---|---|---|---|---|---|---|\n"

func row(table *strings.Builder, name string, l load, r *stats.Result) {
	h := r.Phases[l.phase].Success
	perSecond, _ := r.LoadedHandshakesPerSecond() // 0 if the run was too short
	fmt.Fprintf(table, "| %s | %.0f | %v | %.1f | %.1f | %d | %d |\n", name, perSecond, l.phase,
		float64(h.ValueAtQuantile(50))/1000, float64(h.ValueAtQuantile(99))/1000, r.TLS.Resumed, r.Fail)
}

// runAndCompare runs wsperf and compares its result with the kernel's counters.
func runAndCompare(t *testing.T, wsperf string, l load) *stats.Result {
	t.Helper()
	before, err := readCounters(port)
	if err != nil {
		t.Fatal(err)
	}
	result := l.runAgainst(t, wsperf)
	after, err := readCounters(port)
	if err != nil {
		t.Fatal(err)
	}
	l.check(t, result, before, after)
	return result
}

// checkWrongScheme makes a few connections to the port of another scheme. Whatever the testee does with them, the report says what is wrong.
func checkWrongScheme(t *testing.T, wsperf, given, right, timeout string) {
	t.Helper()
	cmd := exec.Command(wsperf, "run", fmt.Sprintf("%s://127.0.0.1:%d/", given, port),
		"--conns", "4", "--loops", "1", timeout, "2s", "--quiet")
	out, err := cmd.CombinedOutput()
	if want := fmt.Sprintf("use a %s:// URL", right); err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%s:// at a port for %s://: error %v, want %q in\n%s", given, right, err, want, out)
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

// install runs the testee's script install, and skips the test if that fails.
func install(t *testing.T, folder string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(folder, "install")).CombinedOutput()
	if err != nil {
		t.Skipf("testee %s cannot be installed: %v\n%s", filepath.Base(folder), err, out)
	}
}

// serve starts the testee in a process group of its own, which is killed at the
// end of the test, and waits until it listens.
func serve(t *testing.T, folder, environment string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "start"), strconv.Itoa(port), strconv.Itoa(workers))
	cmd.Env = append(os.Environ(), environment)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the testee's output, logged on failure, says more
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if t.Failed() {
			t.Logf("output of the testee:\n%s", out.String())
		}
	})
	if err := awaitListener(ended); err != nil {
		t.Fatal(err)
	}
}

// awaitListener waits until the port accepts a connection.
func awaitListener(ended <-chan struct{}) error {
	deadline := time.After(startWithin)
	for {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			// Close with RST: a FIN from our side would leave a TIME_WAIT that check counts.
			return cmp.Or(c.(*net.TCPConn).SetLinger(0), c.Close())
		}
		select {
		case <-ended:
			return errors.New("the testee exited before it listened")
		case <-deadline:
			return fmt.Errorf("the testee does not listen on port %d after %v", port, startWithin)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// runAgainst runs the program wsperf and returns the result that it wrote.
func (l load) runAgainst(t *testing.T, wsperf string) *stats.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.Command(wsperf, append([]string{"run", fmt.Sprintf(l.url, port),
		"--conns", strconv.Itoa(l.connections), "--low", "250", "--high", "500", "--out", path}, l.options...)...)
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
	result, err := file.Read(f) // also checks that the counts add up
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// check compares the result with the load that was asked for, and with the
// kernel's counters: as many connections as wsperf started, no more resets than
// the result accounts for, and no TIME_WAIT on the client's side.
func (l load) check(t *testing.T, r *stats.Result, before, after counters) {
	t.Helper()
	if n := uint64(l.connections); r.Total != n || r.Success != n || r.Fail != 0 {
		t.Errorf("%d connections, %d successes, %d fails; want %d successes", r.Total, r.Success, r.Fail, n)
	}
	if opens, want := after.activeOpens-before.activeOpens, int64(l.connections)+l.besides; opens != want {
		t.Errorf("the kernel counted %d connections, want %d", opens, want)
	}
	// Both ends are in one kernel, so each reset can be counted twice. One more may
	// be that of awaitListener's connection, if the testee accepts it late. With TLS, an answer to close_notify that finds
	// the testee's socket closed gets one.
	resets, most := after.estabResets-before.estabResets, 2*int64(r.Fin.Reset+r.Fin.Timeout)+1
	if resets > most && l.phase == stats.PhaseOpen {
		t.Errorf("the kernel counted %d resets, the result accounts for at most %d: %+v", resets, most, r.Fin)
	}
	if after.timeWait != 0 {
		t.Errorf("%d connections are in TIME_WAIT on the client's side, want none", after.timeWait)
	}
}
