package keep

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// role makes this test program the process in between.
const role = "WSPERF_TEST_KEEP"

func TestMain(m *testing.M) {
	if command, found := os.LookupEnv(role); found {
		if err := Do(command, os.Stdin, os.Stdout); err != nil {
			fmt.Println("wsperf: " + err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for another process before it fails.
const patience = 20 * time.Second

// kept is a process in between.
type kept struct {
	*testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   bytes.Buffer
}

func start(t *testing.T, command string) *kept {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{T: t, cmd: exec.Command(self)}
	k.cmd.Env = append(os.Environ(), role+"="+command)
	k.cmd.Dir = t.TempDir()
	k.cmd.Stdout, k.cmd.Stderr = &k.out, &k.out
	if k.stdin, err = k.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.cmd.Process.Kill() })
	return k
}

// wait waits for the end and returns what was written.
func (k *kept) wait() string {
	k.Helper()
	timer := time.AfterFunc(patience, func() { _ = k.cmd.Process.Kill() })
	_ = k.cmd.Wait() // what is written says more
	if !timer.Stop() {
		k.Errorf("it did not end: %s", &k.out)
	}
	return k.out.String()
}

// pid waits until a file in the folder of the command has a number.
func (k *kept) pid(name string) int {
	k.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(k.cmd.Dir, name)) // empty until it is there
		if strings.HasSuffix(string(text), "\n") {
			n, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				k.Fatal(err)
			}
			return n
		}
	}
	k.Fatalf("no file %s", name)
	return 0
}

func alive(pid int) bool { return unix.Kill(pid, 0) == nil }

// TestNothingOutlivesIt: neither the command nor what it leaves behind, as a daemon or deaf to
// SIGTERM.
func TestNothingOutlivesIt(t *testing.T) {
	for name, command := range map[string]string{
		"a server":               "echo $$ > pid; exec sleep 1000",
		"a child of the shell":   "sleep 1000 & echo $! > pid; wait",
		"the shell is gone":      "sleep 1000 & echo $! > pid",
		"a daemon":               "setsid sh -c 'echo $$ > pid; exec sleep 1000' >/dev/null 2>&1 & sleep 0.1",
		"deaf to SIGTERM":        "trap '' TERM; echo $$ > pid; sleep 1000; sleep 1000",
		"deaf, and a grandchild": "trap '' TERM; (sleep 1000 & echo $! > pid; wait); sleep 1000",
		"it holds the output":    "(exec 1>&2; sleep 1000) & echo $! > pid; wait",
		"it writes all the time": "yes & echo $! > pid; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := start(t, command)
			pid := k.pid("pid")
			if !alive(pid) {
				t.Fatal("it has ended already")
			}
			_ = k.stdin.Close() // as its parent's end does
			k.wait()
			if alive(pid) {
				t.Errorf("process %d is left", pid)
			}
		})
	}
}

// TestCommandIsKilledWithIt: the command does not outlive the process in between, even if that is
// killed. What the command has started can.
func TestCommandIsKilledWithIt(t *testing.T) {
	k := start(t, "echo $$ > pid; exec sleep 1000")
	pid := k.pid("pid")
	if err := k.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	k.wait()
	for end := time.Now().Add(patience); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d is left", pid)
		}
	}
}

// TestEndsWithItsCommand: how it ended and what it wrote at last are said.
func TestEndsWithItsCommand(t *testing.T) {
	for name, c := range map[string]struct{ command, want string }{
		"well":                         {"echo done", "done\n"},
		"badly":                        {"echo why >&2; exit 3", "why\nwsperf: the command exited with code 3\n"},
		"in the middle of a line":      {"printf why; exit 3", "why\nwsperf: the command exited with code 3\n"},
		"by a signal":                  {"kill -SEGV $$", "wsperf: the command was ended by a signal: segmentation fault\n"},
		"no such file":                 {"exec ./nothing 2>/dev/null", "wsperf: the command exited with code 127\n"},
		"a daemon's end is waited for": {"(sleep 0.2; echo late) & exit 4", "late\nwsperf: the command exited with code 4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := start(t, c.command).wait(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestOutputIsBounded: of much output, the end is kept, from the beginning of a line.
func TestOutputIsBounded(t *testing.T) {
	got := start(t, "seq 1 200000").wait()
	if len(got) > maxTail || !strings.HasSuffix(got, "\n199999\n200000\n") || !strings.HasPrefix(got, "199") || strings.Index(got, "\n") != 6 {
		t.Errorf("%d bytes: %.30q", len(got), got)
	}
}

// TestLongLineIsKept: the end of a line that is longer than what is kept.
func TestLongLineIsKept(t *testing.T) {
	for name, end := range map[string]string{"ended": "; echo", "not ended": ""} {
		got := start(t, fmt.Sprintf("head -c %d /dev/zero | tr '\\0' x", 2*maxTail)+end).wait()
		if len(got) < maxTail || len(got) > maxTail+1 || strings.Trim(got, "x") != "\n" {
			t.Errorf("%s: %d bytes: %.30q", name, len(got), got)
		}
	}
}
