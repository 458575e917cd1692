package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"wsperf/stats"
)

// inheritedRole is the environment variable that makes this test program a testee which accepts
// connections of the socket that it inherits, as a process of a pre-forking server does.
const inheritedRole = "WSPERF_TEST_INHERITED"

// growing makes that testee start another process like itself at its first connection.
const growing = "growing"

// init keeps the main goroutine of such a process on the main thread, whose children are watched.
func init() {
	if os.Getenv(inheritedRole) != "" {
		runtime.LockOSThread()
	}
}

func serveInherited() int {
	file := os.NewFile(3, "listener")
	listener, err := net.FileListener(file)
	if err == nil && os.Getenv(inheritedRole) == growing {
		err = grow(listener, file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	serve(listener, echoClose)
	return 0
}

// grow serves one connection and then starts another process.
func grow(listener net.Listener, file *os.File) error {
	c, err := listener.Accept()
	if err != nil {
		return err
	}
	echoClose(newPeer(c.(*net.TCPConn)))
	c.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), inheritedRole+"=1") // the last one counts
	cmd.ExtraFiles = []*os.File{file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Start()
}

// startInheriting starts a process that inherits a file. It is killed at the end of the test.
func startInheriting(t *testing.T, file *os.File, how string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), inheritedRole+"="+how)
	cmd.ExtraFiles, cmd.Stderr = []*os.File{file}, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // the error says that it was killed
	})
}

// TestTesteeCost compares the cost of the built-in testee with what the kernel says at its end
// (getrusage(2)), which has its start too.
func TestTesteeCost(t *testing.T) {
	var testee *exec.Cmd
	var c stats.TesteeCost
	t.Cleanup(func() { // after the testee has ended
		state := testee.ProcessState
		whole, used := state.UserTime()+state.SystemTime(), time.Duration(c.UserUs+c.SystemUs)*time.Microsecond
		if used < whole/2 || used > whole+20*time.Millisecond {
			t.Errorf("the testee used %v in the window, %v in its whole life", used, whole)
		}
	})
	cfg := validConfig(t, startTesteeOn(t, "127.0.0.1:0", func(cmd *exec.Cmd) error {
		testee = cmd
		return cmd.Start()
	}))
	cfg.Connections, cfg.Low, cfg.High = 20000, 250, 500
	r := do(t, cfg)
	c = r.TesteeCost
	if c.FoundBy != stats.FoundBySocket || c.Processes != 1 || c.Threads < 2 || c.Ended+c.Hidden+c.Unwatched != 0 {
		t.Errorf("%+v", c)
	}
	if c.UserUs == 0 || c.SystemUs == 0 || c.PeakMemoryBytes < c.MemoryBytes || c.MemoryBytes < 1<<20 || c.CPUs < 1 || c.AllowedCPUs == "" {
		t.Errorf("%+v", c)
	}
	// One loop does all the work, on one thread or, if Go's scheduler moves it, on several.
	if share := float64(c.UserUs+c.SystemUs) / float64(r.Duration().Microseconds()); c.BusiestShare < share/float64(c.Threads+2) || c.BusiestShare > share+0.05 {
		t.Errorf("the busiest thread used %.3f of a CPU, the process %.3f", c.BusiestShare, share)
	}
}

// TestTesteeCostAfterWarmUp: what the testee did before the measured window does not count.
func TestTesteeCostAfterWarmUp(t *testing.T) {
	cfg := validConfig(t, startTestee(t))
	cfg.Connections, cfg.Low, cfg.High = 10000, 250, 500
	whole := do(t, cfg).TesteeCost
	cfg.WarmupConnections, cfg.Connections = 9000, 1000
	if c := do(t, cfg).TesteeCost; c.UserUs+c.SystemUs > (whole.UserUs+whole.SystemUs)/2 || c.UserUs+c.SystemUs == 0 {
		t.Errorf("%d us for 1000 connections, %d us for 10000", c.UserUs+c.SystemUs, whole.UserUs+whole.SystemUs)
	}
}

// TestCostOfPreforkedTestee: the processes share one socket, those too that are started in the
// window.
func TestCostOfPreforkedTestee(t *testing.T) {
	for name, processes := range map[string][]string{"two": {"1", "1"}, "one that starts another": {growing}} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/proc/thread-self/children"); err != nil && processes[0] == growing {
				t.Skip("the kernel has no list of children: it needs CONFIG_PROC_CHILDREN")
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			file, err := listener.(*net.TCPListener).File()
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			for _, how := range processes {
				startInheriting(t, file, how)
			}
			r := do(t, patient(t, listener.Addr().String(), 1000)) // waits until one of them accepts
			if c := r.TesteeCost; c.Processes != 2 || c.FoundBy != stats.FoundBySocket || c.UserUs+c.SystemUs == 0 || r.Success != 1000 {
				t.Errorf("%d successes, %+v", r.Success, c)
			}
		})
	}
}

// TestTesteeInCgroup: what the cgroup counts takes the place of what its processes used.
func TestTesteeInCgroup(t *testing.T) {
	var testee *exec.Cmd
	cfg := patient(t, startTesteeOn(t, "127.0.0.1:0", func(cmd *exec.Cmd) error {
		testee = cmd
		return cmd.Start()
	}), 100)
	cfg.Processes.Cgroup = t.TempDir()
	for name, text := range map[string]string{
		"cgroup.procs": fmt.Sprintln(testee.Process.Pid), "cpu.stat": "usage_usec 5000000\nuser_usec 3\nsystem_usec 2\n", "memory.peak": "12345678\n",
	} {
		if err := os.WriteFile(filepath.Join(cfg.Processes.Cgroup, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := do(t, cfg).TesteeCost
	if c.FoundBy != stats.FoundByCgroup || c.Processes != 1 || c.UserUs+c.SystemUs != 0 || c.PeakMemoryBytes != 12345678 || c.BusiestShare == 0 {
		t.Errorf("%+v", c)
	}
}

// TestDescriptorsForTheTestee are not there for connections.
func TestDescriptorsForTheTestee(t *testing.T) {
	cfg := validConfig(t, startTestee(t))
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	takes := run.testee.descriptors()
	left, err := run.descriptorsFor(1000)
	if err != nil || takes < 4 {
		t.Fatalf("%d descriptors, %v", takes, err)
	}
	run.testee.close()
	run.testee = &testeeCost{}
	if all, _ := run.descriptorsFor(1000); all-left != takes {
		t.Errorf("%d descriptors are left, %d without the testee's %d", left, all, takes)
	}
}

// TestProcessOfTesteeEnds in the window, and another one before it.
func TestProcessOfTesteeEnds(t *testing.T) {
	var testee *exec.Cmd
	addr := startTesteeOn(t, "127.0.0.1:0", func(cmd *exec.Cmd) error {
		testee = cmd
		return cmd.Start()
	})
	early, late := exec.Command("sleep", "600"), exec.Command("sleep", "600")
	for _, cmd := range []*exec.Cmd{early, late} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
	}
	cfg := patient(t, addr, 0)
	cfg.Duration, cfg.Processes.PIDs = time.Second, []int{early.Process.Pid, late.Process.Pid, testee.Process.Pid}
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	_ = early.Process.Kill()
	_ = early.Wait()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		for run.Progress().Success == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = late.Process.Kill()
		_ = late.Wait()
	}()
	defer func() { <-killed }() // before late is waited for again
	r, err := run.Do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if c := r.TesteeCost; c.Processes != 2 || c.Ended != 1 || c.FoundBy != stats.FoundByPID || c.UserUs+c.SystemUs == 0 {
		t.Errorf("%+v", c)
	}
}

// TestAllOfTesteeEndsEarly: nothing is known of it.
func TestAllOfTesteeEndsEarly(t *testing.T) {
	other := exec.Command("sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	cfg := patient(t, scripted(t, echoClose), 3)
	cfg.Processes.PIDs = []int{other.Process.Pid}
	run, _, err := Prepare(cfg)
	_ = other.Process.Kill()
	_ = other.Wait()
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	r, err := run.Do(context.Background())
	if err != nil || !reflect.DeepEqual(r.TesteeCost, stats.TesteeCost{Unknown: stats.TesteeNoProcess}) {
		t.Errorf("%+v, %v", r.TesteeCost, err)
	}
}

func TestUnknownTesteeCost(t *testing.T) {
	here := scripted(t, echoClose) // in this process, which is not the testee's alone
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, c := range []struct {
		name, addr string
		processes  TesteeProcesses
		want       stats.TesteeUnknown
	}{
		{"not wanted", here, TesteeProcesses{None: true}, stats.TesteeNotWanted},
		{"another machine", "192.0.2.7:80", TesteeProcesses{}, stats.TesteeElsewhere},
		{"nothing listens", closed.Addr().String(), TesteeProcesses{}, stats.TesteeNoProcess},
		{"in this process", here, TesteeProcesses{}, stats.TesteeNoProcess},
		{"an empty cgroup", here, TesteeProcesses{Cgroup: t.TempDir()}, stats.TesteeNoProcess},
		{"a process that has ended", here, TesteeProcesses{PIDs: []int{1 << 30}}, stats.TesteeNoProcess},
	} {
		cfg := validConfig(t, c.addr)
		cfg.Processes = c.processes
		watched := watchTestee(&cfg, 1000)
		if !reflect.DeepEqual(watched.found, stats.TesteeCost{Unknown: c.want}) || watched.processes != nil || watched.descriptors() != 0 {
			t.Errorf("%s: %+v, %d descriptors", c.name, watched.found, watched.descriptors())
		}
	}
	cfg := validConfig(t, startTestee(t))
	if watched := watchTestee(&cfg, 4*watchPart); !reflect.DeepEqual(watched.found, stats.TesteeCost{Unknown: stats.TesteeDescriptors}) {
		t.Errorf("with few descriptors: %+v", watched.found)
	}
}

// TestTesteeInAnotherNamespace: an address that leads to another network namespace of this
// machine is none of this one.
func TestTesteeInAnotherNamespace(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	cfg := validConfig(t, "10.1.2.3:80")
	if watched := watchTestee(&cfg, 1000); watched.found.Unknown != stats.TesteeElsewhere {
		t.Errorf("%+v", watched.found)
	}
}

// nobodyRole is the environment variable that makes a test run as another user, with the address
// of a testee in its value.
const nobodyRole = "WSPERF_TEST_NOBODY"

// TestTesteeOfAnotherUser is not permitted to be looked at, and says so.
func TestTesteeOfAnotherUser(t *testing.T) {
	if addr := os.Getenv(nobodyRole); addr != "" {
		becomeNobody(t)
		if r := do(t, patient(t, addr, 10)); r.Success != 10 || !reflect.DeepEqual(r.TesteeCost, stats.TesteeCost{Unknown: stats.TesteeNotPermitted}) {
			t.Errorf("%d successes, %+v", r.Success, r.TesteeCost)
		}
		return
	}
	runAsNobody(t, startTestee(t))
}

// TestFailedPreparationKeepsNothing: the testee's files are closed too.
func TestFailedPreparationKeepsNothing(t *testing.T) {
	cfg := validConfig(t, startTestee(t))
	before := descriptors(t)
	cfg.Loops, cfg.Low, cfg.High, cfg.Connections = 64, 64, 64, 64
	if os.Getenv(fewRole) == "" {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 100; exec "$0" "$@"`, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), fewRole+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if _, _, err := Prepare(cfg); err == nil || !strings.Contains(err.Error(), "descriptor limit leaves") {
		t.Errorf("%v", err)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// fewRole is the environment variable that tells a test that it has few descriptors.
const fewRole = "WSPERF_TEST_FEW"
