package host

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// software events are counted by the kernel, on any machine.
var software = []PerfEvent{
	{"task_clock", unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_TASK_CLOCK},
	{"page_faults", unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_PAGE_FAULTS},
}

// impossible is an event that no kernel has.
var impossible = PerfEvent{"impossible", unix.PERF_TYPE_SOFTWARE, 1 << 40}

func softwareOrSkip(t *testing.T) *CounterSet {
	t.Helper()
	set := FindCounters(software)
	if len(set.Events) != len(software) {
		t.Skipf("perf_event_open is not allowed here (kernel.perf_event_paranoid, seccomp): %v", set.Absent)
	}
	return set
}

// spin uses CPU time of the calling thread.
func spin(d time.Duration) {
	for from := time.Now(); time.Since(from) < d; {
	}
}

func TestThreadCounters(t *testing.T) {
	set := softwareOrSkip(t)
	counted, left := make(chan *ThreadCounters), make(chan struct{})
	enable := make(chan struct{})
	go func() {
		defer close(left)
		runtime.LockOSThread() // the thread ends with the goroutine
		c, err := set.Open()
		if err != nil {
			t.Error(err)
		}
		counted <- c
		<-enable
		spin(20 * time.Millisecond)
	}()
	c := <-counted
	if c == nil {
		t.FailNow()
	}
	defer c.Close()
	sums := make([]uint64, len(set.Events))
	if c.Read(sums) {
		t.Errorf("counted before it was enabled: %v", sums)
	}
	c.Enable()
	close(enable)
	<-left
	if n := testing.AllocsPerRun(1, func() { c.Read(sums) }); n != 0 {
		t.Errorf("Read allocates %v objects", n)
	}
	clear(sums)
	if !c.Read(sums) || sums[0] == 0 {
		t.Errorf("%v counted", sums)
	}
	once := sums[0]
	if !c.Read(sums) || sums[0] < 2*once {
		t.Errorf("%d after a second reading of %d: want the sum", sums[0], once)
	}
}

// TestThreadThatDoesNotRun: a thread that waits all the time has counted, and that is 0.
func TestThreadThatDoesNotRun(t *testing.T) {
	set := softwareOrSkip(t)
	counted, leave := make(chan *ThreadCounters), make(chan struct{})
	defer close(leave)
	thread := 0
	go func() {
		runtime.LockOSThread()
		c, err := set.Open()
		if err != nil {
			t.Error(err)
		}
		thread = unix.Gettid()
		counted <- c
		<-leave
	}()
	c := <-counted
	if c == nil {
		t.FailNow()
	}
	defer c.Close()
	awaitSleep(t, thread)
	c.Enable()
	sums := make([]uint64, len(set.Events))
	if !c.Read(sums) || sums[0] != 0 {
		t.Errorf("%v counted while the thread slept", sums)
	}
}

// awaitSleep waits until a thread of this process sleeps (proc_pid_stat(5)).
func awaitSleep(t *testing.T, thread int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
		if err != nil {
			t.Fatal(err)
		}
		if _, state, _ := bytes.Cut(stat, []byte(") ")); bytes.HasPrefix(state, []byte("S")) {
			return
		}
	}
	t.Fatalf("thread %d does not sleep", thread)
}

func TestFindCountersNamesTheAbsent(t *testing.T) {
	softwareOrSkip(t)
	set := FindCounters([]PerfEvent{impossible, software[0]})
	if len(set.Events) != 1 || set.Events[0] != software[0] || len(set.Absent) != 1 || set.Absent["impossible"] != "ENOENT" {
		t.Errorf("%+v", set)
	}
	set = FindCounters([]PerfEvent{impossible})
	if set.Descriptors() != 0 || len(set.Absent) != 1 {
		t.Errorf("%+v", set)
	}
	c, err := set.Open()
	if err != nil || c.Read(nil) {
		t.Errorf("an empty set counts: %v", err)
	}
	c.Enable()
	c.Close()
}

func TestHardwareEventsAreCountedOrAbsent(t *testing.T) {
	set := FindCounters(HardwareEvents())
	if n := len(set.Events) + len(set.Absent); n != len(HardwareEvents()) {
		t.Errorf("%+v", set)
	}
}

func TestExtrapolate(t *testing.T) {
	for _, c := range []struct{ value, enabled, running, want uint64 }{
		{100, 50, 50, 100}, {100, 50, 25, 200}, {0, 50, 25, 0}, {100, 25, 50, 100}, {1 << 50, 3, 1, 3 << 50},
	} {
		if got := extrapolate(c.value, c.enabled, c.running); got != c.want {
			t.Errorf("%d counted for %d of %d ns: %d, want %d", c.value, c.running, c.enabled, got, c.want)
		}
	}
}
