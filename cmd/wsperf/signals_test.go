package main

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// TestSimultaneousSignals is what timeout(1) does, which signals its child and then the
// process group that both belong to.
func TestSimultaneousSignals(t *testing.T) {
	heedHangups(t)
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			s := newScripted(t, true)
			file := filepath.Join(t.TempDir(), "result.json")
			p := start(t, "wsperf", "run", s.url, "--duration", "1h", "--out", file)
			await(t, s.closed, "close frame")
			signalTogether(t, p, sig, unix.SIGTERM)
			if stderr, code := p.end(t); stderr != hint || code != 128+int(sig) && code != 128+int(unix.SIGTERM) {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			mustBeInterrupted(t, p, file)
		})
	}
}

// signalTogether stops the process, so that it handles both signals when it continues,
// however slow the machine is. Two of a kind would be one while they are pending (signal(7)).
func signalTogether(t *testing.T, p *program, a, b unix.Signal) {
	t.Helper()
	for _, sig := range []unix.Signal{unix.SIGSTOP, a, b, unix.SIGCONT} {
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
}

func mustBeInterrupted(t *testing.T, p *program, file string) {
	t.Helper()
	if out := p.stdout.String(); !strings.Contains(out, "Aggregate results") || !strings.Contains(out, "nterrupted") {
		t.Errorf("the report is missing, or not marked as interrupted:\n%s", out)
	}
	mustHaveFile(t, file)
}

func mustHaveFile(t *testing.T, file string) {
	t.Helper()
	if data, err := os.ReadFile(file); err != nil || !bytes.Contains(data, []byte(`"interrupted":true`)) {
		t.Errorf("the result file is missing or not marked as interrupted: %v", err)
	}
}

func TestSimultaneousSignalsToDriver(t *testing.T) {
	heedHangups(t)
	gate, dir := make(chan struct{}), t.TempDir()
	g := newGated(t, gate)
	p := start(t, "wsperf", driven(g, dir, "1000000")...)
	awaitBoth(t, g.begun, "connection")
	signalTogether(t, p, unix.SIGHUP, unix.SIGTERM)
	readHint(t, p)
	close(gate)
	if stderr, code := p.end(t); stderr != "" || code != 128+int(unix.SIGHUP) && code != 128+int(unix.SIGTERM) {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, name := range []string{"result_0.json", "result_1.json"} {
		mustHaveFile(t, filepath.Join(dir, name))
	}
}

// TestIgnoredHangup starts a run as nohup(1) does: SIGHUP has no effect, then or later.
func TestIgnoredHangup(t *testing.T) {
	s := newScripted(t, true)
	p := start(t, "sh", "-c", `trap "" HUP; exec wsperf run "$@"`, "sh", s.url, "--duration", "1h")
	await(t, s.closed, "close frame")
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT} {
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	if stderr, code := p.end(t); stderr != hint || code != ui.ExitInterrupted {
		t.Errorf("exit code %d, standard error %q, want that of SIGINT", code, stderr)
	}
}

// TestClosedTerminal closes the terminal of a run: it gets SIGHUP, and nothing can be
// written on the terminal any more (EIO, tty_hung_up_p in Linux's drivers/tty/tty_io.c).
func TestClosedTerminal(t *testing.T) {
	heedHangups(t)
	s := newScripted(t, true)
	file := filepath.Join(t.TempDir(), "result.json")
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "run", s.url, "--duration", "1h", "--out", file)
	hangUp := startOnTerminal(t, cmd)
	await(t, s.closed, "close frame")
	hangUp()
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // the exit code says it all
	if code := cmd.ProcessState.ExitCode(); code != ui.ExitFailed {
		t.Errorf("%v, want exit code %d: the report is lost", cmd.ProcessState, ui.ExitFailed)
	}
	mustHaveFile(t, file)
}

// startOnTerminal starts the command as the leader of a session with a new terminal,
// and returns what closes the terminal (pty(7)).
func startOnTerminal(t *testing.T, cmd *exec.Cmd) (hangUp func()) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v: mount devpts on /dev/pts", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() { _ = screen.Close() }
}

// heedHangups lets the processes that a test starts get SIGHUP, also if the tests themselves
// were started by nohup(1): an ignored signal stays ignored in a child (execve(2)).
func heedHangups(t *testing.T) {
	t.Helper()
	if signal.Ignored(unix.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), unix.SIGHUP) // for all tests: Stop would have it ignored again
	}
}
