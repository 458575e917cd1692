package host

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// switching are events that a process cannot run and wait without.
var switching = []PerfEvent{software[0], {"context_switches", unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_CONTEXT_SWITCHES}}

func openCounters(t *testing.T, w *Processes) *ProcessCounters {
	t.Helper()
	softwareOrSkip(t)
	c, err := w.OpenCounters(FindCounters(switching), 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// used samples until the processes have used that much CPU time since Begin.
func used(t *testing.T, w *Processes, least time.Duration) int64 {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w.Sample()
		if u := w.Usage(); u.UserNs+u.SystemNs >= int64(least) {
			return u.UserNs + u.SystemNs
		}
	}
	t.Fatalf("the processes have not used %v of CPU time", least)
	return 0
}

// TestProcessCounters: threads and processes that are started while it counts are counted, once.
func TestProcessCounters(t *testing.T) {
	for _, what := range []string{"busy", "fork"} {
		t.Run(what, func(t *testing.T) {
			inode, file := listenerOf(t)
			o := startOther(t, 0, 3, file)
			w := watch(t, o.Process.Pid)
			w.AdoptChildren([]uint32{inode})
			c, sums := openCounters(t, w), make([]uint64, len(switching))
			w.Begin()
			c.Enable()
			o.starts(t, what)
			const trips = 5
			for range trips {
				o.starts(t, "")
			}
			before := used(t, w, 100*time.Millisecond)
			if !c.Read(sums) {
				t.Fatal("nothing was counted")
			}
			after := used(t, w, 0)
			if n := int64(sums[0]); n < before*9/10 || n > after*3/2 {
				t.Errorf("%d ns counted, used %d to %d", n, before, after)
			}
			if sums[1] < trips {
				t.Errorf("%d context switches, it has waited for %d lines", sums[1], trips)
			}
		})
	}
}

// TestCountersBeforeEnable: what was used before does not count.
func TestCountersBeforeEnable(t *testing.T) {
	o := startOther(t, 1, 0)
	w := watch(t, o.Process.Pid)
	w.Begin()
	c, sums := openCounters(t, w), make([]uint64, len(switching))
	o.starts(t, "busy") // a thread that inherits counters which do not count yet
	used(t, w, 200*time.Millisecond)
	if c.Read(sums) {
		t.Errorf("counted before it was enabled: %v", sums)
	}
	w.Begin()
	c.Enable()
	used(t, w, 50*time.Millisecond)
	if !c.Read(sums) || int64(sums[0]) > used(t, w, 0)*3/2 {
		t.Errorf("%v counted, used %d ns", sums, used(t, w, 0))
	}
}

// TestCountersOfEndedProcess: what was counted stays, and of a process that ends before the
// counters are opened there is nothing to count.
func TestCountersOfEndedProcess(t *testing.T) {
	o, early := startOther(t, 1, 0), startOther(t, 0, 0)
	w := watch(t, o.Process.Pid, early.Process.Pid)
	early.end()
	c, sums := openCounters(t, w), make([]uint64, 2)
	if n := len(switching) * (1 + len(w.all[0].others)); c.Descriptors() != n {
		t.Errorf("%d descriptors, want the %d of the process that has not ended", c.Descriptors(), n)
	}
	w.Begin()
	c.Enable()
	o.uses(t, w, 50*time.Millisecond)
	o.end()
	if n := testing.AllocsPerRun(1, func() { c.Read(sums) }); n != 0 {
		t.Errorf("Read allocates %v objects", n)
	}
	clear(sums)
	if !c.Read(sums) || sums[0] < 40e6 {
		t.Errorf("%v counted", sums)
	}
	once := sums[0]
	if !c.Read(sums) || sums[0] != 2*once {
		t.Errorf("%d after a second reading of %d: want the sum", sums[0], once)
	}
	before := descriptors(t)
	if _, err := w.OpenCounters(c.set, 1000); !errors.Is(err, unix.ESRCH) {
		t.Errorf("%v when all have ended, want %v", err, unix.ESRCH)
	}
	if n := descriptors(t); n != before {
		t.Errorf("%d descriptors before, %d after", before, n)
	}
}

// TestCountersOfIdleProcess: nothing counted is not taken for 0.
func TestCountersOfIdleProcess(t *testing.T) {
	o := startOther(t, 1, 0)
	if err := o.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(o.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("%v, stopped: %t", err, status.Stopped())
	}
	c := openCounters(t, watch(t, o.Process.Pid))
	c.Enable()
	if sums := make([]uint64, len(switching)); c.Read(sums) {
		t.Errorf("%v counted of a process that does not run", sums)
	}
}

// TestNumberOfThreadIsUsedAgain: the thread that has the number now is not counted.
func TestNumberOfThreadIsUsedAgain(t *testing.T) {
	w := watch(t, startOther(t, 0, 3).Process.Pid)
	all := openCounters(t, w).Descriptors()
	w.all[0].others[0].stat.Close() // as if it had ended
	c := &ProcessCounters{set: FindCounters(switching)}
	defer c.Close()
	if err := c.open(w.all); err != nil || c.Descriptors() != all-len(switching) {
		t.Errorf("%d descriptors, and %d without one thread: %v", all, c.Descriptors(), err)
	}
}

// TestThreadOfTheMeantime: one that was started after the others were found is counted, once.
func TestThreadOfTheMeantime(t *testing.T) {
	o := startOther(t, 0, 3)
	w := watch(t, o.Process.Pid)
	for range 10 { // idle ones take what the runtime has in reserve
		o.starts(t, "")
	}
	o.starts(t, "busy")
	c, sums := openCounters(t, w), make([]uint64, len(switching))
	w.Begin()
	c.Enable()
	before := used(t, w, 100*time.Millisecond)
	if !c.Read(sums) {
		t.Fatal("nothing was counted")
	}
	after := used(t, w, 0)
	if n := int64(sums[0]); n < before*9/10 || n > after*3/2 {
		t.Errorf("%d ns counted, used %d to %d", n, before, after)
	}
}

// TestTooFewDescriptorsForCounters: none stays open.
func TestTooFewDescriptorsForCounters(t *testing.T) {
	softwareOrSkip(t)
	set := FindCounters(switching)
	w, many := watch(t, startSleepers(t, 4)...), watch(t, startOther(t, 0, 300).Process.Pid)
	before, needed := descriptors(t), len(switching)*w.watched()
	for name, c := range map[string]struct {
		w     *Processes
		limit int
		want  error
	}{
		"one too few":        {w, needed - 1, ErrTooManyThreads},
		"enough":             {w, needed, nil},
		"threads unwatched":  {many, 1000, ErrTooManyThreads},
		"the process's own":  {w, -1, ErrTooManyThreads},
		"the kernel refuses": {w, needed, unix.EMFILE},
	} {
		restore := func() {}
		if c.want == unix.EMFILE {
			restore = allowDescriptors(t, 3)
		}
		counters, err := c.w.OpenCounters(set, c.limit)
		restore()
		counters.Close()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := descriptors(t); n != before {
			t.Errorf("%s: %d descriptors before, %d after", name, before, n)
		}
	}
	none, err := many.OpenCounters(&CounterSet{}, 0)
	if err != nil || none.Descriptors() != 0 || none.Read(nil) {
		t.Errorf("an empty set counts: %v", err)
	}
}

// startSleepers starts processes that never have more than one thread, unlike those of Go.
func startSleepers(t *testing.T, n int) (pids []int) {
	t.Helper()
	for range n {
		c := exec.Command("sleep", "600")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() })
		pids = append(pids, c.Process.Pid)
	}
	return pids
}

// allowDescriptors lowers the limit so that so many more can be opened, until restore is called.
func allowDescriptors(t *testing.T, more int) (restore func()) {
	t.Helper()
	var limit unix.Rlimit
	next, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		unix.Close(next)
		err = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	low := limit
	low.Cur = uint64(next + more)
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &low)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}
