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

// roleName is the environment variable that makes this test program one of roles.
const roleName = "WSPERF_TEST_CHILD"

var roles = map[string]func(){
	"silent": untilEOF,
	"speaks": func() {
		fmt.Print("one\ntwo\r\n\nunfinished")
		untilEOF()
	},
	"babbles": func() {
		_, _ = os.Stdout.Write(bytes.Repeat([]byte{0, 0xff, 'x'}, MaxLine)) // the parent sees it, or the test fails
		fmt.Println("\nsense")
		untilEOF()
	},
	"shuts up": func() {
		_ = os.Stdout.Close()
		untilEOF()
	},
	"echoes":   func() { _, _ = io.Copy(os.Stdout, os.Stdin) },
	"deaf":     func() { time.Sleep(time.Hour) },
	"dies":     func() {},
	"fails":    func() { fmt.Fprint(os.Stderr, strings.Repeat("why ", lastWordsBytes)); os.Exit(3) },
	"obeys":    func() { os.Exit(130) },
	"is alone": func() { fmt.Println(os.Getenv("WITH")); untilEOF() },
	// The grandchild inherits both outputs and keeps them open.
	"leaves a grandchild": func() {
		attr := &os.ProcAttr{Env: []string{roleName + "=silent"}, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
		if _, err := os.StartProcess(self(), []string{"grandchild"}, attr); err != nil {
			panic(err)
		}
		fmt.Println("gone")
	},
	// The parent of another child, killed by the test: the child is to end as well.
	"is a parent": func() {
		c, err := Start(command("silent"))
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

// patience is how long a test waits for another process before it gives up.
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

// await fails the test when the child does not end by itself.
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
		{"speaks", "one", nil},
		{"babbles", strings.Repeat("\x00\xffx", MaxLine)[:MaxLine], nil},
		{"shuts up", "", ErrSilent},
		{"dies", "", ErrSilent},
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

func TestFirstLineOfASilentChild(t *testing.T) {
	child := start(t, command("silent"))
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if line, err := child.FirstLine(ctx); err != enough {
		t.Errorf("%q, %v", line, err)
	}
}

// TestLines: in order, whole, without their ends; what is not a whole line is no line.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		role string
		want []string
	}{
		{"speaks", []string{"one", "two", ""}},
		{"babbles", []string{strings.Repeat("\x00\xffx", MaxLine)[:MaxLine], "sense"}},
		{"dies", nil},
	} {
		t.Run(c.role, func(t *testing.T) {
			var got []string
			cmd := command(c.role)
			cmd.Line = func(line []byte) { got = append(got, string(line)) }
			child := start(t, cmd)
			if killed := child.End(patience); killed {
				t.Error("it did not end with its input")
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
		t.Error("a child that has ended took a line")
	}
}

// TestSendToTheDeaf: more than a pipe holds, to a child that does not read. Its
// end ends the wait.
func TestSendToTheDeaf(t *testing.T) {
	child := start(t, command("deaf"))
	sent := make(chan error, 1)
	go func() { sent <- child.Send(make([]byte, 1<<20)) }()
	child.End(0)
	select {
	case err := <-sent:
		if err == nil {
			t.Error("a child that does not read took a megabyte")
		}
	case <-time.After(patience):
		t.Error("the writer still waits")
	}
}

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		role   string
		killed bool
		err    string
	}{
		{"silent", false, "<nil>"},
		{"shuts up", false, "<nil>"},
		{"fails", false, "exit status 3"},
		{"deaf", true, "signal: killed"},
	} {
		t.Run(c.role, func(t *testing.T) {
			child := start(t, command(c.role))
			timeout := patience
			if c.killed {
				timeout = 50 * time.Millisecond
			}
			if killed := child.End(timeout); killed != c.killed {
				t.Errorf("killed: %v", killed)
			}
			if err := child.Wait(); fmt.Sprint(err) != c.err {
				t.Errorf("it ended with %v, want %s", err, c.err)
			}
			if killed := child.End(0); killed {
				t.Error("killed again")
			}
			child.Signal(unix.SIGKILL) // nobody
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
	}{{"obeys", false, true}, {"fails", false, false}, {"dies", false, false}, {"deaf", true, true}} {
		child := start(t, command(c.role))
		if c.kill {
			child.Signal(unix.SIGINT)
		}
		await(t, child)
		if got := child.EndedBy(unix.SIGINT, 130); got != c.want {
			t.Errorf("%s: %v, %v", c.role, got, child.Wait())
		}
	}
}

func TestLastWords(t *testing.T) {
	child := start(t, command("fails"))
	if got := child.LastWords(); got != strings.Repeat("why ", lastWordsBytes/4) {
		t.Errorf("%d bytes: %.80q", len(got), got)
	}
}

// TestGrandchildDoesNotMatter: it holds the child's outputs open.
func TestGrandchildDoesNotMatter(t *testing.T) {
	child := start(t, command("leaves a grandchild"))
	select {
	case <-child.Ended():
	case <-time.After(outputDelay + patience):
		t.Fatal("the child's end is not seen")
	}
	if err := child.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestSurroundings(t *testing.T) {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command("is alone")
	cmd.Env = append(cmd.Env, "WITH=all")
	cmd.CPUs = cpus[:1]
	child := start(t, cmd)
	if line, err := firstLine(t, child); line != "all" {
		t.Errorf("its environment: %q, %v", line, err)
	}
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(child.PID(), &mask); err != nil || mask.Count() != 1 || !mask.IsSet(cpus[0]) {
		t.Errorf("%d CPUs, the right one: %v, %v", mask.Count(), mask.IsSet(cpus[0]), err)
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

// readable waits until the descriptor is readable. A pidfd is when its process
// has ended (pidfd_open(2)).
func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if err != unix.EINTR {
			return n == 1 && err == nil
		}
	}
}

// TestNothingIsLeft: neither descriptor nor goroutine, whatever the child did,
// and whether or not anybody listened.
func TestNothingIsLeft(t *testing.T) {
	var mu sync.Mutex
	var kept []*Child // so that it is not the garbage collector that closes descriptors
	live := func(c Command, end func(*Child)) {
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
	live(command("dies"), byItself) // what a first child leaves is the runtime's own
	descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
	var all sync.WaitGroup
	for role := range roles {
		all.Go(func() { live(command(role), byForce) })
	}
	all.Go(func() { live(command("dies"), byItself) })
	all.Go(func() { live(command("fails"), byItself) })
	all.Go(func() { live(Command{Path: "/does/not/exist"}, byForce) })
	all.Go(func() { live(Command{Path: self(), Args: []string{"x"}, CPUs: []int{host.MaxCPUs - 1}}, byForce) })
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
