package engine

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

func softwareOrSkip(t *testing.T) *host.CounterSet {
	t.Helper()
	set := host.FindCounters(softwareEvents)
	if set.Descriptors() != len(softwareEvents) {
		t.Skipf("perf_event_open is not allowed here (kernel.perf_event_paranoid, seccomp): %v", set.Absent)
	}
	return set
}

// prepareCounting prepares a run that counts events which any machine has.
func prepareCounting(t *testing.T, cfg *Config, set *host.CounterSet) *Run {
	t.Helper()
	run, _, err := Prepare(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	run.testee.counters.open.Close()
	run.testee.count(set, 20000)
	return run
}

// TestCountersOfTheTestee compares CPU time as it is counted with the CPU time of the process,
// which another clock measures. That of a warm-up does not count.
func TestCountersOfTheTestee(t *testing.T) {
	set := softwareOrSkip(t)
	for _, warmup := range []int64{0, 8000} {
		cfg := validConfig(t, startTestee(t))
		cfg.Connections, cfg.WarmupConnections, cfg.Low, cfg.High = 4000, warmup, 250, 500
		before := descriptors(t)
		run := prepareCounting(t, &cfg, set)
		if n, without := run.testee.descriptors(), run.testee.processes.Descriptors(); n < without+2*len(softwareEvents) {
			t.Errorf("%d descriptors, %d without counters", n, without)
		}
		r, err := run.Do(context.Background())
		run.Close()
		if err != nil {
			t.Fatal(err)
		}
		c := &r.TesteeCost
		counted, used := int64(c.Counters.Counts["task_clock"])/1000, c.UserUs+c.SystemUs
		if counted < used*8/10 || counted > used*3/2 || len(c.Counters.Counts) != 2 || len(c.Counters.Absent) != 0 {
			t.Errorf("counted %d us, used %d us: %+v", counted, used, c.Counters)
		}
		if after := descriptors(t); after != before {
			t.Errorf("%d descriptors before the run, %d after it", before, after)
		}
	}
}

// TestCountersOfTheTesteeAreAbsent: each event is named once, and those that the machine lacks for
// the reason of the loops.
func TestCountersOfTheTesteeAreAbsent(t *testing.T) {
	cfg := patient(t, startTestee(t), 10)
	r := do(t, cfg)
	if c := r.TesteeCost.Counters; len(c.Counts)+len(c.Absent) != len(host.HardwareEvents()) || len(r.Counters.Counts) == 0 && !maps.Equal(c.Absent, r.Counters.Absent) {
		t.Errorf("%+v, of the loops %+v", c, r.Counters)
	}
	cfg.Processes.None = true
	if c := do(t, cfg).TesteeCost.Counters; c.Known() {
		t.Errorf("%+v of a testee that is not looked at", c)
	}
}

// TestDescriptorsForCountersOfTheTestee are within the part that it may take.
func TestDescriptorsForCountersOfTheTestee(t *testing.T) {
	set := softwareOrSkip(t)
	cfg := validConfig(t, startTestee(t))
	run := prepareCounting(t, &cfg, set)
	needs := run.testee.descriptors()
	run.testee.counters.open.Close()
	for available, want := range map[int]string{watchPart * needs: notCounted, watchPart*needs - 1: "too many threads", 0: "too many threads"} {
		run.testee.count(set, available)
		c := &run.testee.counters
		if got := c.result(); c.absent != want || len(got.Absent) != 2 || got.Absent["task_clock"] != want || len(got.Counts) != 0 {
			t.Errorf("of %d: absent %q, want %q; %+v", available, c.absent, want, got)
		}
		if n := run.testee.descriptors(); n > available/watchPart && want == notCounted {
			t.Errorf("%d descriptors of %d", n, available)
		}
		c.open.Close()
	}
}

// TestCountersOfTesteeThatEnds: none are opened when it has ended.
func TestCountersOfTesteeThatEnds(t *testing.T) {
	set := softwareOrSkip(t)
	other := exec.Command("sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	cfg := patient(t, scripted(t, echoClose), 3)
	cfg.Processes.PIDs = []int{other.Process.Pid}
	watched := watchTestee(&cfg, 20000)
	t.Cleanup(watched.close)
	_ = other.Process.Kill()
	_ = other.Wait()
	watched.count(set, 20000)
	watched.begin()
	watched.end()
	if got := watched.counters.result(); got.Absent["task_clock"] != "ESRCH" {
		t.Errorf("%+v", got)
	}
	r := new(stats.Result)
	if watched.fill(r); r.TesteeCost.Counters.Known() || r.TesteeCost.Unknown != stats.TesteeNoProcess {
		t.Errorf("%+v", r.TesteeCost)
	}
}

func TestAbsentBy(t *testing.T) {
	for want, err := range map[string]error{
		"EACCES": unix.EACCES, "EPERM": unix.EPERM, "ESRCH": unix.ESRCH, "EMFILE": unix.EMFILE, "unknown": fs.ErrClosed,
		"too many threads": host.ErrTooManyThreads,
	} {
		if got := absentBy(fmt.Errorf("count: %w", err)); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// TestCountersOfAnotherUsersTestee: its CPU time is known if it is named, its events may not be
// counted.
func TestCountersOfAnotherUsersTestee(t *testing.T) {
	if text := os.Getenv(nobodyRole); text != "" {
		becomeNobody(t)
		addr, number, _ := strings.Cut(text, " ")
		cfg := patient(t, addr, 10)
		cfg.Processes.PIDs = []int{0}
		if _, err := fmt.Sscan(number, &cfg.Processes.PIDs[0]); err != nil {
			t.Fatal(err)
		}
		r, err := prepareCounting(t, &cfg, softwareOrSkip(t)).Do(context.Background())
		if err != nil || !r.TesteeCost.Known() || r.TesteeCost.Counters.Absent["task_clock"] != "EACCES" {
			t.Errorf("%+v, %v", r.TesteeCost, err)
		}
		return
	}
	var testee *exec.Cmd
	addr := startTesteeOn(t, "127.0.0.1:0", func(cmd *exec.Cmd) error {
		testee = cmd
		return cmd.Start()
	})
	runAsNobody(t, fmt.Sprint(addr, " ", testee.Process.Pid))
}

func becomeNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	if err := syscall.Setgroups(nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setuid(nobody); err != nil {
		t.Fatal(err)
	}
}

// runAsNobody runs the test once more in a process that becomes another user.
func runAsNobody(t *testing.T, role string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("run as root: the test becomes another user")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), nobodyRole+"="+role)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}
