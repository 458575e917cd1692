package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// roleName is the environment variable that makes this test program play one of roles.
const roleName = "WSPERF_TEST_CHILD"

var roles = map[string]func(){
	"waits for EOF": untilEOF,
	"prints lines": func() {
		fmt.Print("one\ntwo\r\n\nunfinished")
		untilEOF()
	},
	"prints a long line": func() {
		_, _ = os.Stdout.Write(bytes.Repeat([]byte{0, 0xff, 'x'}, MaxLine)) // if it fails, so does the test
		fmt.Println("\nshort")
		untilEOF()
	},
	"closes stdout": func() {
		_ = os.Stdout.Close()
		untilEOF()
	},
	"echoes":         func() { _, _ = io.Copy(os.Stdout, os.Stdin) },
	"never reads":    func() { time.Sleep(time.Hour) },
	"exits":          func() {},
	"fails":          func() { fmt.Fprint(os.Stderr, strings.Repeat("why ", lastWordsBytes)); os.Exit(3) },
	"exits with 130": func() { os.Exit(130) },
	"prints WITH":    func() { fmt.Println(os.Getenv("WITH")); untilEOF() },
	// The grandchild inherits both outputs and keeps them open.
	"leaves a grandchild": func() {
		attr := &os.ProcAttr{Env: []string{roleName + "=waits for EOF"}, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
		if _, err := os.StartProcess(self(), []string{"grandchild"}, attr); err != nil {
			panic(err)
		}
		fmt.Println("gone")
	},
	// The test kills this parent of another child, which must end as well.
	"is a parent": func() {
		c, err := Start(command("waits for EOF"))
		if err != nil {
			panic(err)
		}
		fmt.Println(c.PID())
		select {}
	},
}

func TestMain(m *testing.M) {
	if role, found := roles[os.Getenv(roleName)]; found {
		role()
		return
	}
	os.Exit(m.Run())
}

func untilEOF() { _, _ = io.Copy(io.Discard, os.Stdin) } // an error is an end as well

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

func command(role string) Command {
	return Command{Path: self(), Args: []string{"child"}, Env: append(os.Environ(), roleName+"="+role)}
}

// patience is how long a test waits for another process before it fails.
const patience = 20 * time.Second

func start(t *testing.T, c Command) *Child {
	t.Helper()
	child, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.End(0) })
	return child
}

// await fails the test if the child does not end by itself.
func await(t *testing.T, c *Child) {
	t.Helper()
	select {
	case <-c.Ended():
	case <-time.After(patience):
		t.Error("the child does not end")
	}
}

func firstLine(t *testing.T, c *Child) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.FirstLine(ctx)
}

func TestFirstLine(t *testing.T) {
	for _, c := range []struct {
		role, want string
		err        error
	}{
		{"prints lines", "one", nil},
		{"prints a long line", strings.Repeat("\x00\xffx", MaxLine)[:MaxLine], nil},
		{"closes stdout", "", ErrSilent},
		{"exits", "", ErrSilent},
		{"fails", "", ErrSilent},
		{"leaves a grandchild", "gone", nil},
	} {
		t.Run(c.role, func(t *testing.T) {
			child := start(t, command(c.role))
			for range 2 {
				if got, err := firstLine(t, child); got != c.want || !errors.Is(err, c.err) {
					t.Errorf("%.80q, %v, want %.80q, %v", got, err, c.want, c.err)
				}
			}
		})
	}
}

func TestFirstLineCancelled(t *testing.T) {
	child := start(t, command("waits for EOF"))
	cause := errors.New("cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if line, err := child.FirstLine(ctx); err != cause {
		t.Errorf("%q, %v, want %v", line, err, cause)
	}
}

// TestLines checks that lines come in order and without their ends, and that an
// unfinished last line does not come.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		role string
		want []string
	}{
		{"prints lines", []string{"one", "two", ""}},
		{"prints a long line", []string{strings.Repeat("\x00\xffx", MaxLine)[:MaxLine], "short"}},
		{"exits", nil},
	} {
		t.Run(c.role, func(t *testing.T) {
			var got []string
			cmd := command(c.role)
			cmd.Line = func(line []byte) { got = append(got, string(line)) }
			child := start(t, cmd)
			if killed := child.End(patience); killed {
				t.Error("it did not end at the end of its input")
			}
			if fmt.Sprintf("%.80q", got) != fmt.Sprintf("%.80q", c.want) {
				t.Errorf("%.80q, want %.80q", got, c.want)
			}
		})
	}
}

func TestSend(t *testing.T) {
	heard := make(chan string, 1)
	cmd := command("echoes")
	cmd.Line = func(line []byte) { heard <- string(line) }
	child := start(t, cmd)
	for _, line := range []string{"setup", "begin"} {
		if err := child.Send([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if got != line {
				t.Errorf("%q came back as %q", line, got)
			}
		case <-time.After(patience):
			t.Fatal("no answer")
		}
	}
	child.End(patience)
	if err := child.Send([]byte("more\n")); err == nil {
		t.Error("sent a line to a child that has ended")
	}
}

// TestSendToChildThatNeverReads sends more than a pipe holds. Send must return when the
// child ends.
func TestSendToChildThatNeverReads(t *testing.T) {
	child := start(t, command("never reads"))
	sent := make(chan error, 1)
	go func() { sent <- child.Send(make([]byte, 1<<20)) }()
	child.End(0)
	select {
	case err := <-sent:
		if err == nil {
			t.Error("sent a megabyte to a child that never reads")
		}
	case <-time.After(patience):
		t.Error("Send still waits")
	}
}

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		role   string
		killed bool
		err    string
	}{
		{"waits for EOF", false, "<nil>"},
		{"closes stdout", false, "<nil>"},
		{"fails", false, "exit status 3"},
		{"never reads", true, "signal: killed"},
	} {
		t.Run(c.role, func(t *testing.T) {
			child := start(t, command(c.role))
			timeout := patience
			if c.killed {
				timeout = 50 * time.Millisecond
			}
			if killed := child.End(timeout); killed != c.killed {
				t.Errorf("killed: %v, want %v", killed, c.killed)
			}
			if err := child.Wait(); fmt.Sprint(err) != c.err {
				t.Errorf("it ended with %v, want %s", err, c.err)
			}
			if killed := child.End(0); killed {
				t.Error("killed twice")
			}
			child.Signal(unix.SIGKILL) // must not reach another process
			if err := unix.Kill(child.PID(), 0); err != unix.ESRCH {
				t.Errorf("process %d is still there: %v", child.PID(), err)
			}
		})
	}
}

func TestEndedBy(t *testing.T) {
	for _, c := range []struct {
		role string
		kill bool
		want bool
	}{{"exits with 130", false, true}, {"fails", false, false}, {"exits", false, false}, {"never reads", true, true}} {
		child := start(t, command(c.role))
		if c.kill {
			child.Signal(unix.SIGINT)
		}
		await(t, child)
		if got := child.EndedBy(unix.SIGINT, 130); got != c.want {
			t.Errorf("%s: %v, want %v; it ended with %v", c.role, got, c.want, child.Wait())
		}
	}
}

func TestLastWords(t *testing.T) {
	child := start(t, command("fails"))
	if got := child.LastWords(); got != strings.Repeat("why ", lastWordsBytes/4) {
		t.Errorf("%d bytes, want %d: %.80q", len(got), lastWordsBytes, got)
	}
}

// TestEndDespiteGrandchild: the grandchild holds the child's outputs open.
func TestEndDespiteGrandchild(t *testing.T) {
	child := start(t, command("leaves a grandchild"))
	select {
	case <-child.Ended():
	case <-time.After(outputDelay + patience):
		t.Fatal("Ended is not closed")
	}
	if err := child.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestEnvironmentAffinityAndProcessGroup(t *testing.T) {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command("prints WITH")
	cmd.Env = append(cmd.Env, "WITH=all")
	cmd.CPUs = cpus[:1]
	child := start(t, cmd)
	if line, err := firstLine(t, child); line != "all" {
		t.Errorf("WITH=%q in its environment, want all; %v", line, err)
	}
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(child.PID(), &mask); err != nil || mask.Count() != 1 || !mask.IsSet(cpus[0]) {
		t.Errorf("%d CPUs, CPU %d among them: %v, want it alone; %v", mask.Count(), cpus[0], mask.IsSet(cpus[0]), err)
	}
	if group, err := unix.Getpgid(child.PID()); err != nil || group != child.PID() {
		t.Errorf("process group %d, want %d: %v", group, child.PID(), err)
	}
}

// TestEndsWithItsParent kills the parent with SIGKILL, which it cannot handle.
func TestEndsWithItsParent(t *testing.T) {
	parent := start(t, command("is a parent"))
	line, err := firstLine(t, parent)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	parent.End(0)
	if !readable(fd) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		t.Error("the child outlives its parent")
	}
}

// readable waits until the descriptor is readable. A pidfd becomes readable when its
// process ends (pidfd_open(2)).
func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if err != unix.EINTR {
			return n == 1 && err == nil
		}
	}
}

// TestNothingLeaks: no descriptor and no goroutine is left, whatever the child did.
func TestNothingLeaks(t *testing.T) {
	var mu sync.Mutex
	var kept []*Child // or else the garbage collector might close leaked descriptors
	run := func(c Command, end func(*Child)) {
		child, err := Start(c)
		if err != nil {
			return
		}
		end(child)
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, child)
	}
	byForce := func(c *Child) { c.End(10 * time.Millisecond) }
	byItself := func(c *Child) { await(t, c) }
	run(command("exits"), byItself) // what the first child leaves belongs to the runtime
	descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
	var all sync.WaitGroup
	for role := range roles {
		all.Go(func() { run(command(role), byForce) })
	}
	all.Go(func() { run(command("exits"), byItself) })
	all.Go(func() { run(command("fails"), byItself) })
	all.Go(func() { run(Command{Path: "/does/not/exist"}, byForce) })
	all.Go(func() { run(Command{Path: self(), Args: []string{"x"}, CPUs: []int{host.MaxCPUs - 1}}, byForce) })
	all.Wait()
	deadline := time.Now().Add(patience)
	for openDescriptors(t) > descriptors || runtime.NumGoroutine() > goroutines {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, %d before; %d goroutines, %d before", openDescriptors(t), descriptors, runtime.NumGoroutine(), goroutines)
		}
		time.Sleep(time.Millisecond)
	}
	runtime.KeepAlive(kept)
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
