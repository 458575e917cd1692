package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/builtin"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

// server is the built-in testee in a process of its own, that a test can stop and kill.
type server struct {
	*exec.Cmd
	addr string
}

func (s *server) url() string { return "ws://" + s.addr + "/" }

// startServer starts the testee. The end of the test ends it.
func startServer(t *testing.T, listen string) *server {
	t.Helper()
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Cmd: exec.Command(path, "testee", "--listen", listen, "--loops", "1", "--exit-on-eof")}
	s.Stderr = os.Stderr
	_, holdErr := s.StdinPipe() // open until Wait
	out, outErr := s.StdoutPipe()
	if err := errors.Join(holdErr, outErr, s.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s.addr = strings.TrimSpace(strings.TrimPrefix(line, builtin.Listening))
	return s
}

// kill ends the testee and waits until the kernel has closed its sockets. It can be
// called several times.
func (s *server) kill() {
	_ = s.Process.Kill()
	_ = s.Wait() // the error says that it was killed
}

// answers returns how often the testee has written (proc_pid_io(5)): twice a
// connection, the response and the close frame.
func (s *server) answers(t *testing.T) (n int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", s.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if _, err := fmt.Sscanf(line, "syscw: %d", &n); err == nil {
			return n
		}
	}
	t.Fatalf("the kernel does not count what a process writes:\n%s", data)
	return 0
}

// served is the number of connections after which a run counts as under way.
const served = 500

// awaitServed waits until the testee has served so many more connections.
func (s *server) awaitServed(t *testing.T) {
	t.Helper()
	goal := s.answers(t) + 2*served
	awaitThat(t, fmt.Sprintf("%d connections served", served), func() bool { return s.answers(t) >= goal })
}

// awaitThat polls every millisecond until the condition holds.
func awaitThat(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// endWell expects the run to end by itself with exit code 0, nothing on standard error
// and a valid result, which it returns.
func endWell(t *testing.T, p *program, file string) *stats.Result {
	t.Helper()
	if stderr, code := p.end(t); stderr != "" || code != ui.ExitDone {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	if !strings.Contains(p.stdout.String(), "Aggregate results") {
		t.Errorf("no report on standard output:\n%s", p.stdout.String())
	}
	return mustReadBack(t, file)
}

// mustReadBack reads the result file, checks its sums, and has wsperf report print it.
func mustReadBack(t *testing.T, file string) *stats.Result {
	t.Helper()
	r := readBack(t, file)
	if err := r.Check(); err != nil {
		t.Errorf("the result fails its check: %v", err)
	}
	p := start(t, "wsperf", "report", file)
	if stderr, code := p.end(t); stderr != "" || code != ui.ExitDone || !strings.Contains(p.stdout.String(), "Aggregate results") {
		t.Errorf("report: exit code %d, standard error %q, standard output\n%s", code, stderr, p.stdout.String())
	}
	mustList(t, filepath.Dir(file), filepath.Base(file))
	return r
}

// mustFailBy expects failures by these causes only, and at least one if there are causes.
func mustFailBy(t *testing.T, r *stats.Result, causes ...stats.Cause) {
	t.Helper()
	if r.Fail == 0 && len(causes) > 0 {
		t.Errorf("no failures among %d connections, want some of %v", r.Total, causes)
	}
	for c, n := range r.Causes {
		if n > 0 && !slices.Contains(causes, stats.Cause(c)) {
			t.Errorf("%d failures by %v, want only %v", n, stats.Cause(c), causes)
		}
	}
}

// deadCauses are the causes of failure when a testee dies: the kernel refuses,
// resets or closes connections in any phase.
var deadCauses = []stats.Cause{
	stats.CauseConnectRefused, stats.CauseConnectReset,
	stats.CauseOpenReset, stats.CauseOpenEOF, stats.CauseCloseReset, stats.CauseCloseEOF,
}

func TestTesteeKilled(t *testing.T) {
	t.Parallel()
	const conns = 50000
	s, file := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "result.json")
	p := start(t, "wsperf", "run", s.url(), "--conns", fmt.Sprint(conns), "--out", file)
	s.awaitServed(t)
	s.kill()
	r := endWell(t, p, file)
	if r.Total != conns || r.Success < served/2 {
		t.Errorf("%d of %d connections succeeded, want all of %d, and %d at least", r.Success, r.Total, conns, served/2)
	}
	mustFailBy(t, r, deadCauses...)
	if r.Causes[stats.CauseConnectRefused] == 0 {
		t.Error("nothing was refused after the testee's end")
	}
}

// TestTesteeRestarted uses a duration: any number of connections can be refused
// while no testee listens.
func TestTesteeRestarted(t *testing.T) {
	t.Parallel()
	s, file := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "result.json")
	p := start(t, "wsperf", "run", s.url(), "--duration", "4s", "--loops", "1", "--out", file, "--log")
	s.awaitServed(t)
	s.kill()
	again := startServer(t, s.addr)
	again.awaitServed(t)
	r := endWell(t, p, file)
	mustFailBy(t, r, deadCauses...)
	mustFailBetweenSuccesses(t, file)
}

// mustFailBetweenSuccesses reads the records of a single loop, in which
// connections are in the order of their ends.
func mustFailBetweenSuccesses(t *testing.T, file string) {
	t.Helper()
	type record struct{ Failed bool }
	var log struct {
		Records []record `json:"connection_stats"`
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &log)
	}
	if err != nil {
		t.Fatal(err)
	}
	failed := func(r record) bool { return r.Failed }
	before := max(0, slices.IndexFunc(log.Records, failed))
	slices.Reverse(log.Records)
	after := max(0, slices.IndexFunc(log.Records, failed))
	if before < served/2 || after < served/2 {
		t.Errorf("%d successes before the first failure, %d after the last one, want %d of both", before, after, served/2)
	}
}

// stopTime is how long a testee is stopped. The longest opening handshake must take at
// least seenStop.
const (
	stopTime = 3 * time.Second
	seenStop = 2500 * time.Millisecond
)

// pause stops the testee for stopTime during a run.
func (s *server) pause(t *testing.T) {
	t.Helper()
	s.awaitServed(t)
	s.stopFor(t, stopTime)
}

// stopFor stops the testee for at least that long, and returns for how long.
func (s *server) stopFor(t *testing.T, length time.Duration) time.Duration {
	t.Helper()
	begin := time.Now()
	timer := time.NewTimer(length)
	if err := s.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-timer.C
	if err := s.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func TestTesteeStopped(t *testing.T) {
	t.Parallel()
	s, file := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "result.json")
	p := start(t, "wsperf", "run", s.url(), "--conns", "10000", "--low", "25", "--high", "50", "--out", file)
	s.pause(t)
	r := endWell(t, p, file)
	mustFailBy(t, r)
	// The kernel establishes connections for a process that is stopped: opening handshakes wait.
	if longest := time.Duration(r.Phases[stats.PhaseOpen].Success.Max()) * time.Microsecond; longest < seenStop {
		t.Errorf("the longest opening handshake took %v, want at least %v, as the testee was stopped", longest, seenStop)
	}
}

func TestTesteeStoppedForLongerThanTimeouts(t *testing.T) {
	t.Parallel()
	const timeout = "500ms"
	s, file := startServer(t, "127.0.0.1:0"), filepath.Join(t.TempDir(), "result.json")
	p := start(t, "wsperf", "run", s.url(), "--conns", "10000", "--low", "25", "--high", "50", "--out", file,
		"--connect-timeout", timeout, "--open-timeout", timeout, "--close-timeout", timeout)
	s.pause(t)
	s.awaitServed(t)
	r := endWell(t, p, file)
	mustFailBy(t, r, stats.CauseConnectTimeout, stats.CauseOpenTimeout, stats.CauseCloseTimeout)
	if r.Causes[stats.CauseOpenTimeout] == 0 {
		t.Error("no opening handshake has timed out")
	}
}

// TestDriverLosesAWorker checks that the other worker's part is reported, and that its
// file is valid.
func TestDriverLosesAWorker(t *testing.T) {
	t.Parallel()
	gate, dir := make(chan struct{}), t.TempDir()
	g := newGated(t, gate)
	p := start(t, "wsperf", driven(g, dir, "5")...)
	awaitBoth(t, g.begun, "connection")
	worker, found := childOf(t, p.Process.Pid)
	if !found {
		t.Fatal("no worker")
	}
	if err := unix.Kill(worker, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	close(gate)
	stderr, code := p.end(t)
	if code != ui.ExitFailed || !strings.Contains(stderr, ": signal: killed\n") {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	if out := p.stdout.String(); !strings.Contains(out, "Not run: 5 of 10") || !strings.Contains(out, "Success:         5\n") {
		t.Errorf("standard output is\n%s", out)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("result files %v, want only the other worker's: %v", left, err)
	}
	if r := mustReadBack(t, left[0]); r.Total != 5 || r.Success != 5 {
		t.Errorf("%d of %d connections succeeded", r.Success, r.Total)
	}
}

// childOf returns a child of the process (proc_pid_task(5), children).
func childOf(t *testing.T, pid int) (child int, found bool) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range threads {
		data, _ := os.ReadFile(path) // a thread can have ended
		_, err := fmt.Sscan(string(data), &child)
		if command := commandOf(child); err == nil && command != "" && command != commandOf(pid) {
			return child, true
		}
	}
	return 0, false
}

// commandOf returns the command line of a process, "" if it has ended. A child that has not
// called execve(2) has that of its parent: package os starts one to try clone(2) with a pidfd.
func commandOf(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(data)
}

// refusing returns the URL of a port that is in use and on which nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return bindLoopback(t, fd)
}

// bindLoopback binds the socket to a free port and returns its URL.
func bindLoopback(t *testing.T, fd int) string {
	t.Helper()
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("ws://%v/", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*unix.SockaddrInet4).Port})
}

// TestTesteeListensOnLoopback checks the default address: the testee accepts
// connections from anybody.
func TestTesteeListensOnLoopback(t *testing.T) {
	listen := newTesteeCommand(ui.New(nil, io.Discard, io.Discard)).Flag("listen").DefValue
	if at, err := netip.ParseAddrPort(listen); err != nil || !at.Addr().IsLoopback() {
		t.Errorf("it listens on %s, %v", listen, err)
	}
}
