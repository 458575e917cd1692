package bottleneck

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/netns"
	"wsperf/bench/program"
	"wsperf/engine/child"
	"wsperf/stats"
	"wsperf/stats/file"
)

var programs program.Builder

func TestMain(m *testing.M) { programs.Main(m) }

// Bounds of the time that a program takes. No test depends on them otherwise.
const (
	startTimeout = 20 * time.Second
	runTimeout   = 60 * time.Second
	stopTimeout  = 5 * time.Second
)

// duration is how long each scenario is measured.
const duration = 2 * time.Second

// stage is where a scenario is made: a test, and CPUs of which one is the testee's in most scenarios.
type stage struct {
	*testing.T
	client, testee int
	started        []*child.Child // all but wsperf
	others         float64        // CPUs that programs used in the last measurement which the scenario did not start
	late           bool           // timers of the client's CPU were late around it
}

// busy reports whether the machine did not let the scenario be what it is.
func (t *stage) busy() bool { return t.others > mostOthers || t.late }

// process is how a program is started. It ends at the end of its standard input.
type process struct {
	in     *netns.Namespace // nil: that of the test
	cpu    int              // that it is pinned to; -1: any
	prefix []string         // a command that runs the program, such as nice -n 19
}

// start starts a program, and ends it with the test.
func (t *stage) start(p process, args ...string) *child.Child {
	t.Helper()
	args = slices.Concat(p.prefix, args)
	if p.cpu >= 0 {
		args = slices.Concat([]string{"taskset", "-c", strconv.Itoa(p.cpu)}, args)
	}
	var started *child.Child
	start := func() (err error) {
		started, err = child.Start(child.Command{Path: find(t.T, args[0]), Args: args})
		return err
	}
	do := func(f func() error) error { return f() }
	if p.in != nil {
		do = p.in.Do
	}
	if err := do(start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { started.End(stopTimeout) })
	return started
}

// find returns the path of a program.
func find(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// testee is a running testee.
type testee struct {
	*child.Child
	url string
}

// listens starts a program whose first line is "listening on ADDRESS", or with TLS "listening on
// wss://ADDRESS".
func (t *stage) listens(p process, args ...string) testee {
	t.Helper()
	started := t.start(p, args...)
	t.started = append(t.started, started)
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	line, err := started.FirstLine(ctx)
	if err != nil {
		t.Fatalf("%s: %v: %s", args[0], err, started.LastWords())
	}
	at := strings.TrimPrefix(line, "listening on ")
	if !strings.HasPrefix(at, "wss://") {
		at = "ws://" + at
	}
	return testee{started, at + "/"}
}

// builtin starts the built-in testee with one loop.
func (t *stage) builtin(p process, options ...string) testee {
	t.Helper()
	return t.listens(p, append([]string{programs.Wsperf(t), "testee", "--listen", "127.0.0.1:0", "--loops", "1", "--exit-on-eof"}, options...)...)
}

// python starts the testee in testdata, which has one thread.
func (t *stage) python(p process, args ...string) testee {
	t.Helper()
	return t.listens(p, append([]string{"python3", filepath.Join("testdata", "testee.py")}, args...)...)
}

// native starts the C testee of bench/floor, which has one thread. Its first line is its port.
func (t *stage) native(p process, args ...string) testee {
	t.Helper()
	needs(t.T, "gcc")
	path := filepath.Join(t.TempDir(), "testee")
	if out, err := exec.Command("gcc", "-O2", "-o", path, filepath.Join("..", "floor", "testee.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	s := t.listens(p, slices.Concat([]string{path, "--exit-on-eof"}, args, []string{"0"})...)
	s.url = strings.Replace(s.url, "://", "://127.0.0.1:", 1)
	return s
}

// watchTimers lets a loop in C sleep on the client's CPU, again and again, for about as long as a
// scenario is measured. With real-time priority, it waits for no other program. wakesLate waits for its
// end, and reports whether it woke up as late as half of what makes a verdict say that a rate was
// not kept. On a virtual machine, a sleeping CPU can be without a CPU of the host when its timer
// expires.
func (t *stage) watchTimers() (wakesLate func() bool) {
	t.Helper()
	needs(t.T, "gcc")
	needs(t.T, "chrt")
	path := filepath.Join(t.TempDir(), "sleeper")
	if out, err := exec.Command("gcc", "-O2", "-o", path, filepath.Join("..", "floor", "sleeper.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	const perSecond = 500
	sleeper := t.start(process{cpu: t.client, prefix: []string{"chrt", "--fifo", "1"}}, path, strconv.Itoa(perSecond), fmt.Sprintf("%.0f", perSecond*duration.Seconds()))
	return func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
		defer cancel()
		line, err := sleeper.FirstLine(ctx)
		var n int
		var median, q99 float64
		if _, malformed := fmt.Sscanf(line, "%d sleeps, late by %f us at the median, %f us at q99", &n, &median, &q99); err != nil || malformed != nil {
			t.Fatalf("sleeper: %v, %q, %s", err, line, sleeper.LastWords())
		}
		return q99 > float64(stats.MostLate.Microseconds())/2
	}
}

// measure runs wsperf to its end and reads its result.
func (t *stage) measure(p process, s testee, args ...string) *stats.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	words := []string{programs.Wsperf(t), "run", s.url, "--quiet", "--out", path}
	if p.cpu >= 0 {
		words = append(words, "--cpus", strconv.Itoa(p.cpu))
	}
	before := t.usedUs()
	// The affinity mask is that of the machine: wsperf pins its loops itself.
	client := t.start(process{p.in, -1, p.prefix}, append(words, args...)...)
	select {
	case <-client.Ended():
	case <-time.After(runTimeout):
		t.Fatalf("wsperf has not ended: %s", client.LastWords())
	}
	if err := client.Wait(); err != nil {
		t.Fatalf("wsperf: %v: %s", err, client.LastWords())
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := file.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	t.others = float64(busyUs(r)-(t.usedUs()-before)-r.Client.UserUs-r.Client.SystemUs) / float64(r.Duration().Microseconds())
	return r
}

// forAWhile is the option of a run of the usual length.
func forAWhile(more ...string) []string {
	return append([]string{"--duration", duration.String()}, more...)
}

// busyUs returns how long the CPUs were busy in the measured window, or the hypervisor had none for
// this machine.
func busyUs(r *stats.Result) (us int64) {
	for _, m := range r.Machines {
		for _, c := range m.CPUs {
			us += c.BusyUs() + c.StealUs
		}
	}
	return us
}

// usedUs returns the CPU time of this process and of those that the scenario has started.
func (t *stage) usedUs() int64 {
	t.Helper()
	ns := cpuNs(t.T, os.Getpid())
	for _, p := range t.started {
		ns += cpuNs(t.T, p.PID())
	}
	return ns / 1e3
}

// cpuNs returns the CPU time that the threads of a process have used (/proc/PID/task/TID/schedstat,
// Documentation/scheduler/sched-stats.rst).
func cpuNs(t *testing.T, pid int) (sum int64) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("process %d: %v", pid, err)
	}
	for _, name := range files {
		text, _ := os.ReadFile(name) // empty if the thread has ended
		first, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(first, 10, 64)
		sum += ns
	}
	return sum
}
