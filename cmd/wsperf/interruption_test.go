package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

// stuck is a testee that lets connections reach a phase and go no further. wait
// returns when one has reached it.
type stuck struct {
	phase   string
	begin   func(t *testing.T) (url string, wait func())
	warning string        // that begins what the run prints; empty: it prints nothing
	causes  []stats.Cause // of the connections that are given up; nil: they succeed
}

var stuckTestees = []stuck{
	{"connecting", beginConnecting, "wsperf: warning: high watermark 4 is above the testee's listen backlog 0,", []stats.Cause{stats.CauseInterrupted}},
	{"opening", beginOpening, "", []stats.Cause{stats.CauseInterrupted}},
	// The close timeout of a connection and the time after an interrupt are the same: either ends it.
	{"closing", beginClosing, "", []stats.Cause{stats.CauseInterrupted, stats.CauseCloseTimeout}},
	{"finishing", beginFinishing, "", nil},
}

// beginConnecting listens with a backlog of 0. The run fills the accept queue, and the
// kernel drops further SYNs (listen(2)).
func beginConnecting(t *testing.T) (string, func()) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	where := bindLoopback(t, fd)
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	return where, func() { awaitThat(t, "a connection without answer", func() bool { return synSent(t, where) }) }
}

// synSent reports whether a connection to the URL's port waits for the answer
// to its SYN: in the lines of proc_pid_net(5), tcp, state 2.
func synSent(t *testing.T, where string) bool {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	port := 0
	if _, err := fmt.Sscan(u.Port(), &port); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/thread-self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(table, fmt.Appendf(nil, ":%04X 02 ", port))
}

func beginOpening(t *testing.T) (string, func()) {
	g := newGated(t, nil)
	return g.url, func() { await(t, g.begun, "connection") }
}

func beginClosing(t *testing.T) (string, func()) {
	s := newScripted(t, false)
	return s.url, func() { await(t, s.closed, "close frame") }
}

// beginFinishing answers the close frame and leaves TCP open.
func beginFinishing(t *testing.T) (string, func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	answered := make(chan struct{}, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go leaveOpen(c, answered)
		}
	}()
	return "ws://" + l.Addr().String() + "/", func() { await(t, answered, "answer to a close frame") }
}

func leaveOpen(c net.Conn, answered chan struct{}) {
	defer c.Close()
	if _, err := ws.Upgrade(c); err != nil {
		return
	}
	if head, err := ws.ReadHeader(c); err != nil || head.OpCode != ws.OpClose {
		return
	}
	if err := ws.WriteFrame(c, ws.NewCloseFrame(nil)); err != nil {
		return
	}
	tell(answered)
	_, _ = io.Copy(io.Discard, c) // until the client goes
}

// startStuck starts a run and returns when a connection is in the phase.
func startStuck(t *testing.T, s stuck, closeTimeout string) (p *program, file string) {
	t.Helper()
	where, wait := s.begin(t)
	file = filepath.Join(t.TempDir(), "result.json")
	p = start(t, "wsperf", "run", where, "--conns", "5", "--low", "4", "--high", "4", "--loops", "1",
		"--connect-timeout", "60s", "--open-timeout", "60s", "--close-timeout", closeTimeout, "--out", file)
	if s.warning != "" {
		if line, err := p.stderr.ReadString('\n'); !strings.HasPrefix(line, s.warning) {
			t.Errorf("%q: %v, want the warning %q", line, err, s.warning)
		}
	}
	wait()
	return p, file
}

func TestInterruptedInEveryPhase(t *testing.T) {
	for _, s := range stuckTestees {
		t.Run(s.phase, func(t *testing.T) {
			t.Parallel()
			p, file := startStuck(t, s, "2s")
			if err := p.Process.Signal(unix.SIGINT); err != nil {
				t.Fatal(err)
			}
			if stderr, code := p.end(t); stderr != hint || code != ui.ExitInterrupted {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			if out := p.stdout.String(); !strings.Contains(out, "Aggregate results") || !strings.Contains(out, "nterrupted") {
				t.Errorf("the report is missing, or not marked as interrupted:\n%s", out)
			}
			r := mustReadBack(t, file)
			if !r.Interrupted || r.Total == 0 {
				t.Errorf("%d connections, marked as interrupted: %v", r.Total, r.Interrupted)
			}
			mustFailBy(t, r, s.causes...)
			if s.causes == nil && r.Fin.Timeout != r.Total {
				t.Errorf("%d of %d connections are successes without FIN", r.Fin.Timeout, r.Total)
			}
		})
	}
}

func TestSecondSignalInEveryPhase(t *testing.T) {
	for _, s := range stuckTestees {
		t.Run(s.phase, func(t *testing.T) {
			t.Parallel()
			p, file := startStuck(t, s, "60s")
			if err := p.Process.Signal(unix.SIGINT); err != nil {
				t.Fatal(err)
			}
			if line, err := p.stderr.ReadString('\n'); line != hint {
				t.Fatalf("the first signal printed %q: %v", line, err)
			}
			afterFirst()
			if err := p.Process.Signal(unix.SIGINT); err != nil {
				t.Fatal(err)
			}
			if stderr, code := p.end(t); stderr != "" || code != ui.ExitInterrupted || p.stdout.Len() > 0 {
				t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
			}
			mustList(t, filepath.Dir(file))
		})
	}
}

// TestInterruptedLookup interrupts a run whose name server does not answer. The run is
// in this process and has called signal.Notify by then, so the process signals itself.
func TestInterruptedLookup(t *testing.T) {
	usual, asked := net.DefaultResolver, make(chan struct{}, 1)
	t.Cleanup(func() { net.DefaultResolver = usual })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		tell(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		u := ui.New(nil, &stdout, &stderr)
		root := newRootCommand(u)
		root.SetArgs([]string{"run", "ws://testee.example/", "--out", filepath.Join(dir, "result.json")})
		ended <- u.Finish(root.ExecuteContext(context.Background()))
	}()
	await(t, asked, "question to the name server")
	if err := unix.Kill(unix.Getpid(), unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != ui.ExitInterrupted || stdout.Len() > 0 || stderr.String() != "wsperf: interrupted before the run began\n" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout.String(), stderr.String())
	}
	mustList(t, dir)
}

// manyRecords starts a run that takes long to write its result.
func manyRecords(t *testing.T, conns, file string) *program {
	t.Helper()
	return start(t, "wsperf", "run", refusing(t), "--conns", conns, "--log", "--out", file)
}

// TestInterruptedWriting stops the process while it writes, so that the signal
// arrives then.
func TestInterruptedWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := manyRecords(t, "150000", filepath.Join(dir, "result.json"))
	awaitThat(t, "a part of the result", func() bool { return sizeOfOnly(t, dir, ".tmp") > 0 })
	if err := p.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if sizeOfOnly(t, dir, ".tmp") == 0 {
		t.Fatal("the result was complete before the process could be stopped")
	}
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGCONT} {
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	if stderr, code := p.end(t); stderr != "" || code != ui.ExitInterrupted || p.stdout.Len() > 0 {
		t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
	}
	// The process may finish the file before it sees the signal: it is whole then.
	file := filepath.Join(dir, "result.json")
	if _, err := os.Stat(file); err == nil {
		mustReadBack(t, file)
		mustList(t, dir, "result.json")
		return
	}
	mustList(t, dir)
}

func mustList(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

// sizeOfOnly returns the size of the only file in the folder, or 0 unless there is
// exactly one and its name has the ending.
func sizeOfOnly(t *testing.T, dir, ending string) int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || !strings.HasSuffix(entries[0].Name(), ending) {
		return 0
	}
	info, err := entries[0].Info()
	if err != nil { // it was renamed or removed
		return 0
	}
	return info.Size()
}

// TestInterruptedWritingToPipe interrupts a process that blocks in write(2), because
// nobody reads the pipe.
func TestInterruptedWritingToPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0) // O_RDWR does not block (fifo(7))
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	p := manyRecords(t, "5000", path)
	awaitThat(t, "a part of the result", func() bool { return waiting(t, pipe) > 0 })
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if stderr, code := p.end(t); stderr != "" || code != ui.ExitInterrupted || p.stdout.Len() > 0 {
		t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe is gone: %v", err)
	}
}

// waiting returns the number of bytes in the pipe (pipe(7), FIONREAD; on Linux the same number as TIOCINQ).
func waiting(t *testing.T, pipe *os.File) int {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if controlErr := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return n
}
