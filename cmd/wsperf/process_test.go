package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// patience is how long a test waits for another process before it gives up.
const patience = time.Minute

// program is a started process whose standard error is read line by line.
type program struct {
	*exec.Cmd
	stdout bytes.Buffer
	stderr *bufio.Reader
}

func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	return startBy(t, (*exec.Cmd).Start, name, args...)
}

// startBy starts a program by a function that can start it elsewhere, such as in a namespace.
func startBy(t *testing.T, begin func(*exec.Cmd) error, name string, args ...string) *program {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.Command(path, args...)}
	p.Stdout = &p.stdout
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stderr = bufio.NewReader(stderr)
	if err := begin(p.Cmd); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { _ = p.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		_ = p.Process.Kill() // it has ended, unless the test failed
	})
	return p
}

// end waits for the process and returns the rest of its standard error and its exit code.
func (p *program) end(t *testing.T) (string, int) {
	t.Helper()
	rest, err := io.ReadAll(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the exit code says it all
	return string(rest), p.ProcessState.ExitCode()
}

// scripted is a testee that reports when it has read a close frame, and answers it
// only if it is polite.
type scripted struct {
	url    string
	polite bool
	hosts  chan string // nil, or the Host header of the latest connections
	closed chan struct{}
}

func newScripted(t *testing.T, polite bool) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &scripted{url: "ws://" + l.Addr().String() + "/", polite: polite, closed: make(chan struct{}, 1)}
	go s.serveAll(l)
	return s
}

// serveAll serves the connections of a listener until it is closed.
func (s *scripted) serveAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.serve(c)
	}
}

func (s *scripted) serve(c net.Conn) {
	defer c.Close()
	if _, err := s.upgrader().Upgrade(c); err != nil {
		return
	}
	head, err := ws.ReadHeader(c)
	if err != nil || head.OpCode != ws.OpClose {
		return
	}
	_, _ = io.CopyN(io.Discard, c, head.Length) // the next step fails if this one does
	tell(s.closed)
	if s.polite {
		_ = ws.WriteFrame(c, ws.NewCloseFrame(nil)) // the client sees it, or the test fails
		return
	}
	_, _ = io.Copy(io.Discard, c) // until the client goes
}

func (s *scripted) upgrader() ws.Upgrader {
	return ws.Upgrader{OnHost: func(host []byte) error {
		select {
		case s.hosts <- string(host):
		default:
		}
		return nil
	}}
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("no %s", what)
	}
}

const hint = "wsperf: interrupted: closing open connections (again to stop at once)\n"

// afterFirst waits until the next signal is a second one. The process has handled the first.
func afterFirst() { time.Sleep(ui.OneSignal) }

func TestFirstSignalEndsGracefully(t *testing.T) {
	heedHangups(t)
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			s := newScripted(t, true)
			file := filepath.Join(t.TempDir(), "result.json")
			p := start(t, "wsperf", "run", s.url, "--duration", "1h", "--out", file)
			await(t, s.closed, "close frame")
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			stderr, code := p.end(t)
			if stderr != hint || code != 128+int(sig) {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			if !strings.Contains(p.stdout.String(), "Aggregate results") || !strings.Contains(p.stdout.String(), "nterrupted") {
				t.Errorf("the report is missing, or not marked as interrupted:\n%s", p.stdout.String())
			}
			if data, err := os.ReadFile(file); err != nil || !bytes.Contains(data, []byte(`"interrupted":true`)) {
				t.Errorf("the result file is not marked as interrupted: %v", err)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := newScripted(t, false)
	dir := t.TempDir()
	p := start(t, "wsperf", "run", s.url, "--duration", "1h", "--close-timeout", "10m", "--out", filepath.Join(dir, "result.json"))
	await(t, s.closed, "close frame")
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
	stderr, code := p.end(t)
	if code != ui.ExitInterrupted || stderr != "" || p.stdout.Len() != 0 {
		t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestTesteeEndsBySignal(t *testing.T) {
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "testee", "--listen", "127.0.0.1:0", "--loops", "1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "listening on 127.0.0.1:") {
		t.Errorf("first line %q: %v", line, err)
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the testee ended with %v, want 0", err)
	}
}

// TestBuiltinEndsWithItsParent kills the parent with SIGKILL, which it cannot handle.
func TestBuiltinEndsWithItsParent(t *testing.T) {
	p := start(t, "wsperf", "run", "--duration", "1h", "--quiet")
	pid := 0
	awaitThat(t, "a built-in testee", func() (found bool) {
		pid, found = childOf(t, p.Process.Pid)
		return found
	})
	child, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(child)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.end(t)
	// A pidfd becomes readable when its process ends (pidfd_open(2)).
	fds := []unix.PollFd{{Fd: int32(child), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if n != 1 {
			_ = unix.PidfdSendSignal(child, unix.SIGKILL, nil, 0)
			t.Fatalf("the built-in testee outlives its parent: %v", err)
		}
		return
	}
}

func TestClosedPipe(t *testing.T) {
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(path, "run", "--conns", "100")
	cmd.Stdout, cmd.Stderr = w, &stderr
	_ = cmd.Run() // the exit code says it all
	_ = w.Close()
	if code := cmd.ProcessState.ExitCode(); code != ui.ExitFailed || stderr.String() != "wsperf: standard output: broken pipe\n" {
		t.Errorf("exit code %d (%v), standard error %q", code, cmd.ProcessState, stderr.String())
	}
}
