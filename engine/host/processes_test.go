package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func watch(t *testing.T, pids ...int) *Processes {
	t.Helper()
	w, err := WatchProcesses(pids, 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// TestProcesses compares the usage with what the kernel says at the end of the process
// (getrusage(2)), which used a little before Begin too.
func TestProcesses(t *testing.T) {
	o := startOther(t, 1, 3)
	w := watch(t, o.Process.Pid)
	w.Begin()
	o.uses(t, w, 200*time.Millisecond)
	w.End()
	u := w.Usage()
	o.end()
	used := time.Duration(u.UserNs + u.SystemNs)
	whole := o.ProcessState.UserTime() + o.ProcessState.SystemTime()
	if used < 200*time.Millisecond || used > whole+20*time.Millisecond {
		t.Errorf("used %v, and %v in its whole life", used, whole)
	}
	if u.UserNs == 0 || u.SystemNs == 0 {
		t.Errorf("%d ns user, %d ns system of a loop of system calls", u.UserNs, u.SystemNs)
	}
	if u.Processes != 1 || u.Ended != 0 || u.Unwatched || u.Threads < 5 || u.PeakBytes < u.RSSBytes || u.RSSBytes < 1<<20 || len(u.CPUs) == 0 || u.RunWaitNs < 0 {
		t.Errorf("%+v", u)
	}
	busiest := float64(used) / float64(w.lasted) // there is no other busy thread
	if u.Busiest < 0.9*busiest || u.Busiest > busiest+0.001 {
		t.Errorf("the busiest thread used %.3f of a CPU, the process %.3f", u.Busiest, busiest)
	}
}

// TestFilesOfProcesses: from Linux 6.2 on the number of descriptors is known in each sample.
func TestFilesOfProcesses(t *testing.T) {
	o := startOther(t, 0, 0, os.Stdin, os.Stdin, os.Stdin)
	w := watch(t, o.Process.Pid)
	w.Begin()
	w.End()
	entries, err := os.ReadDir(procPath(o.Process.Pid, "fd"))
	if n := w.Usage().Descriptors; err != nil || n != 0 && n != len(entries) {
		t.Errorf("%d descriptors, want %d (%v)", n, len(entries), err)
	}
}

// TestProcessEnds: what was sampled of it stays.
func TestProcessEnds(t *testing.T) {
	o, idle := startOther(t, 1, 0), startOther(t, 0, 0)
	w := watch(t, o.Process.Pid, idle.Process.Pid)
	w.Begin()
	o.uses(t, w, 50*time.Millisecond)
	o.end()
	w.Sample()
	w.End()
	if u := w.Usage(); u.Processes != 2 || u.Ended != 1 || u.UserNs+u.SystemNs < int64(50*time.Millisecond) || u.Busiest == 0 || u.PeakBytes == 0 {
		t.Errorf("%+v", u)
	}
	w.Begin() // now it has ended before
	w.End()
	if u := w.Usage(); u.Processes != 1 || u.Ended != 0 {
		t.Errorf("%+v of a process that had ended", u)
	}
	if _, err := WatchProcesses([]int{o.Process.Pid}, 1000); !errors.Is(err, unix.ENOENT) {
		t.Errorf("%v, want %v", err, unix.ENOENT)
	}
}

// TestThreadsThatEnd: their numbers stay, and their descriptors are spare again.
func TestThreadsThatEnd(t *testing.T) {
	w := watch(t, startOther(t, 0, 1).Process.Pid)
	w.Begin()
	p := w.all[0]
	gone := &p.others[0]
	gone.stat.Close() // as if it had ended
	gone.runNs, gone.waitNs, gone.waitNs0 = gone.runNs0+5e15, 7e15+30, 30
	spare, n := w.spare, len(p.others)
	p.keepRunning(&w.spare)
	if len(p.others) != n-1 || w.spare != spare+1 || p.past != (pastThreads{7e15, 5e15}) {
		t.Errorf("%d threads, %d spare, %+v", len(p.others), w.spare, p.past)
	}
	w.End()
	if u := w.Usage(); u.Busiest < 1000 || u.RunWaitNs < 7e15 {
		t.Errorf("%+v", u)
	}
}

func TestThreadsThatBegin(t *testing.T) {
	o := startOther(t, 0, 2)
	none := descriptors(t)
	w := watch(t, o.Process.Pid)
	announced := w.Descriptors()
	w.Begin()
	before := len(w.all[0].others)
	const started = 20
	for range started {
		fmt.Fprintln(o.in)
		o.ready(t)
	}
	w.Sample()
	if n := len(w.all[0].others); n < before+started/2 { // the runtime may have had threads for some of them
		t.Errorf("%d threads, and %d after %d were started", before, n, started)
	}
	if w.Sample(); w.unwatched() {
		t.Error("threads are not watched")
	}
	if open := descriptors(t) - none; open > announced || announced < spareThreads {
		t.Errorf("%d descriptors announced, %d open", announced, open)
	}
}

// TestAdoptChildren: only those that have the socket, and no more than there are descriptors for.
func TestAdoptChildren(t *testing.T) {
	inode, file := listenerOf(t)
	o := startOther(t, 0, 0, file)
	w := watch(t, o.Process.Pid)
	if w.all[0].children < 0 {
		t.Skip("the kernel has no list of children: it needs CONFIG_PROC_CHILDREN")
	}
	w.AdoptChildren([]uint32{inode})
	start := func(how string, want int) {
		t.Helper()
		fmt.Fprintln(o.in, how)
		o.ready(t)
		if w.Sample(); len(w.all) != want {
			t.Errorf("%s: %d processes, want %d", how, len(w.all), want)
		}
	}
	w.Begin()
	start("fork", 2)
	start("spawn", 2)
	start("fork", 3)
	if n := testing.AllocsPerRun(20, w.Sample); n != 0 {
		t.Errorf("%v allocations in a sample", n)
	}
	child := w.all[1]
	for deadline := time.Now().Add(30 * time.Second); child.now.total < 20e6 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w.Sample()
	}
	w.spare = perProcess
	fmt.Fprintln(o.in, "fork")
	o.ready(t)
	w.End()
	if u := w.Usage(); u.Processes != 3 || u.Missed != 1 || u.UserNs+u.SystemNs < 20e6 || u.Busiest == 0 {
		t.Errorf("%+v", u)
	}
}

// TestMostProcesses: those above the limit are counted.
func TestMostProcesses(t *testing.T) {
	pids := make([]int, MaxProcesses+7)
	for i := range pids {
		pids[i] = os.Getppid()
	}
	w, err := WatchProcesses(pids, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Begin()
	w.End()
	if u := w.Usage(); u.Missed != 7 || u.Processes != MaxProcesses {
		t.Errorf("%+v", u)
	}
}

// TestWaitForCPU: two busy processes on one CPU take it from each other.
func TestWaitForCPU(t *testing.T) {
	allowed, err := AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	a, b := startOther(t, 1, 0), startOther(t, 1, 0)
	a.pin(t, allowed[0])
	b.pin(t, allowed[0])
	w := watch(t, a.Process.Pid)
	w.Begin()
	a.uses(t, w, 100*time.Millisecond)
	w.End()
	u := w.Usage()
	if u.RunWaitNs < 10e6 || u.InvoluntarySwitches < 3 {
		t.Errorf("waited %d ns, %d involuntary switches", u.RunWaitNs, u.InvoluntarySwitches)
	}
	if FormatCPUs(u.CPUs) != strconv.Itoa(allowed[0]) {
		t.Errorf("CPUs %v, want %d", u.CPUs, allowed[0])
	}
}

// TestBeginAgain: what was used before does not count.
func TestBeginAgain(t *testing.T) {
	o := startOther(t, 1, 0)
	w := watch(t, o.Process.Pid)
	w.Begin()
	o.uses(t, w, 500*time.Millisecond)
	w.Begin()
	o.uses(t, w, 10*time.Millisecond)
	w.End()
	if u := w.Usage(); u.UserNs+u.SystemNs > 400e6 || u.UserNs+u.SystemNs < 10e6 {
		t.Errorf("%d ns", u.UserNs+u.SystemNs)
	}
}

// TestTooManyThreads: the totals are known, and few descriptors are taken.
func TestTooManyThreads(t *testing.T) {
	o := startOther(t, 1, 300)
	w := watch(t, o.Process.Pid)
	w.Begin()
	o.uses(t, w, 10*time.Millisecond)
	w.End()
	u := w.Usage()
	if !u.Unwatched || u.Threads < 301 || u.Busiest != 0 || u.UserNs+u.SystemNs == 0 || w.Descriptors() > 5 {
		t.Errorf("%+v, %d descriptors", u, w.Descriptors())
	}
}

// TestDescriptorsOfProcesses: no more are open than were announced, and all are closed.
func TestDescriptorsOfProcesses(t *testing.T) {
	o := startOther(t, 0, 20)
	before := descriptors(t)
	for allowed, unwatched := range map[int]bool{200: false, 60: false, 10: true} {
		w, err := WatchProcesses([]int{o.Process.Pid}, allowed)
		if err != nil {
			t.Fatal(err)
		}
		open := descriptors(t) - before
		if n := w.Descriptors(); open > n || n > allowed || w.unwatched() != unwatched {
			t.Errorf("of %d: %d descriptors announced, %d open, threads not watched: %t", allowed, n, open, w.unwatched())
		}
		w.Close()
		if n := descriptors(t); n != before {
			t.Errorf("%d descriptors before, %d after", before, n)
		}
	}
	if _, err := WatchProcesses([]int{o.Process.Pid}, 3); !errors.Is(err, unix.EMFILE) {
		t.Errorf("%v with 3 descriptors", err)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestSampleAllocatesNothing(t *testing.T) {
	w := watch(t, startOther(t, 1, 20).Process.Pid)
	w.Begin()
	if n := testing.AllocsPerRun(100, w.Sample); n != 0 {
		t.Errorf("%v allocations in a sample", n)
	}
}
