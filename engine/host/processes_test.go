package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// otherRole is the environment variable that makes this test program another process, which
// has as many busy threads and as many idle ones as its value says: "BUSY,IDLE".
const otherRole = "WSPERF_TEST_OTHER"

// init keeps the main goroutine of another process on the main thread, whose children are watched.
func init() {
	if os.Getenv(otherRole) != "" {
		runtime.LockOSThread()
		unix.CloseOnExec(3) // a child has it only if it is to
	}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(otherRole); text != "" {
		beOther(text)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beOther starts a further idle thread for each line that it reads, or a busy child if the line is
// fork or spawn; after fork the child has its first file too. It ends at the end of its input.
func beOther(text string) {
	first, second, _ := strings.Cut(text, ",")
	busy, _ := strconv.Atoi(first)
	idle, _ := strconv.Atoi(second)
	started := make(chan bool)
	thread := func(busy bool) {
		runtime.LockOSThread()
		started <- true
		for busy {
			_ = unix.Getpid()
		}
		select {}
	}
	for i := range busy + idle {
		go thread(i < busy)
		<-started
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "" {
			go thread(false)
			<-started
		} else {
			startChild(in.Text() == "fork")
		}
		fmt.Println("ready")
	}
}

// startChild starts a child that dies with this process.
func startChild(inherits bool) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), otherRole+"=1,0")
	child.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if _, err := child.StdinPipe(); err != nil {
		panic(err)
	}
	if inherits {
		child.ExtraFiles = []*os.File{os.NewFile(3, "inherited")}
	}
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		panic(err)
	}
}

// other is another process.
type other struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startOther(t *testing.T, busy, idle int, files ...*os.File) *other {
	t.Helper()
	o := &other{Cmd: exec.Command(os.Args[0])}
	o.Env, o.ExtraFiles = append(os.Environ(), fmt.Sprintf("%s=%d,%d", otherRole, busy, idle)), files
	in, err := o.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	o.in, o.out = in, bufio.NewReader(out)
	t.Cleanup(o.end)
	o.ready(t)
	return o
}

func (o *other) ready(t *testing.T) {
	t.Helper()
	if _, err := o.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

// end kills the process and waits for it, and can be called again.
func (o *other) end() {
	_ = o.Process.Kill() // it may have ended
	_ = o.Wait()
}

// uses waits until the process has used that much CPU time since Begin.
func (o *other) uses(t *testing.T, w *Processes, least time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		w.Sample()
		if p := w.all[0]; p.now.total-p.before.total >= int64(least) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process has not used %v of CPU time", least)
		}
		time.Sleep(time.Millisecond)
	}
}

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

// pin restricts all threads of the process to a CPU.
func (o *other) pin(t *testing.T, cpu int) {
	t.Helper()
	threads, err := os.ReadDir(procPath(o.Process.Pid, "task"))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		id, _ := strconv.Atoi(thread.Name())
		if err := unix.SchedSetaffinity(id, setOf([]int{cpu})); err != nil {
			t.Fatal(err)
		}
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

// TestNumberIsUsedAgain: another process with the number of one that has ended is not taken for
// it.
func TestNumberIsUsedAgain(t *testing.T) {
	o := startOther(t, 0, 0)
	w := watch(t, o.Process.Pid)
	w.Begin()
	o.end()
	p := w.all[0]
	p.pid = os.Getpid()
	w.Sample()
	if u := w.Usage(); !p.ended || u.UserNs+u.SystemNs > 0 {
		t.Errorf("ended %t, %+v", p.ended, u)
	}
}

// TestQuotas: those of different cgroups are added, and one cgroup counts once.
func TestQuotas(t *testing.T) {
	a, b, none := Quota{"/a", 0.5}, Quota{"/b", 2}, Quota{}
	for _, c := range []struct {
		quotas []Quota
		want   float64
	}{{[]Quota{a}, 0.5}, {[]Quota{a, a}, 0.5}, {[]Quota{a, b, a}, 2.5}, {[]Quota{a, none}, 0}, {nil, 0}} {
		w := &Processes{peak: 77}
		for _, q := range c.quotas {
			w.all = append(w.all, &process{quota: q, peakBytes: 5})
		}
		if u := w.Usage(); u.Quota != c.want || u.PeakBytes != 77 {
			t.Errorf("%+v: quota %v, want %v; memory %d of the cgroup", c.quotas, u.Quota, c.want, u.PeakBytes)
		}
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

func TestParseStatus(t *testing.T) {
	const text = "Name:\ta) R (b: c\\nVmHWM:\t9 kB\nUmask:\t0022\nVmHWM:\t   12345 kB\nVmRSS:\t     678 kB\nThreads:\t17\n" +
		"voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t42\n"
	if got, want := parseStatus([]byte(text)), (processStatus{17, 12345 << 10, 678 << 10, 42}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, text := range []string{"", "\n\n", "VmHWM:", "VmHWM:\t-5 kB\nThreads:\tx\n", "Threads:\t99999999999999999999\n", "Threads"} {
		if got := parseStatus([]byte(text)); got != (processStatus{}) {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestNextNumber(t *testing.T) {
	entry := func(name string) []byte {
		b := make([]byte, direntName+len(name)+3)
		b[direntLength] = byte(len(b))
		copy(b[direntName:], name)
		return b
	}
	var got []int
	for rest := append(append(append(entry("."), entry("4194304")...), entry("12x")...), entry("7")...); len(rest) > 0; {
		var n int
		n, rest = nextNumber(rest)
		got = append(got, n)
	}
	if fmt.Sprint(got) != "[0 4194304 0 7]" {
		t.Errorf("%v", got)
	}
	long := entry("99999999999999999999")
	damaged := entry("5")
	damaged[direntLength] = 200
	for _, b := range [][]byte{nil, make([]byte, 19), make([]byte, 40), long, damaged, entry("5")[:10]} {
		if n, rest := nextNumber(b); n != 0 || len(rest) > 0 {
			t.Errorf("%v: %d, %v", b, n, rest)
		}
	}
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		before, now  cpuTime
		user, system int64
	}{
		"by the ticks of the time":       {cpuTime{1000, 500, 1000}, cpuTime{2000, 530, 1120}, 250, 750},
		"no tick: by those of its life":  {cpuTime{1000, 300, 1000}, cpuTime{1100, 300, 1000}, 30, 70},
		"no tick at all":                 {cpuTime{}, cpuTime{100, 0, 0}, 100, 0},
		"nothing":                        {cpuTime{5, 1, 2}, cpuTime{5, 1, 2}, 0, 0},
		"user runs ahead of the sum":     {cpuTime{}, cpuTime{100, 3, 2}, 100, 0},
		"a clock that is set back":       {cpuTime{100, 10, 20}, cpuTime{90, 10, 20}, 0, 0},
		"more user than before the next": {cpuTime{0, 10, 20}, cpuTime{100, 5, 30}, 0, 100},
	} {
		if user, system := c.now.split(c.before); user != c.user || system != c.system {
			t.Errorf("%s: %d user, %d system, want %d and %d", name, user, system, c.user, c.system)
		}
	}
}

func TestProcessExists(t *testing.T) {
	o := startOther(t, 0, 1)
	w := watch(t, o.Process.Pid)
	if thread := w.all[0].others[0].id; !ProcessExists(o.Process.Pid) || ProcessExists(thread) {
		t.Errorf("process %d or its thread %d", o.Process.Pid, thread)
	}
	for _, pid := range []int{-1, 0, 1 << 22, 1 << 28, 1 << 29, 1 << 30, 1<<32 + os.Getpid()} {
		if ProcessExists(pid) {
			t.Errorf("process %d exists", pid)
		}
	}
	if o.end(); ProcessExists(o.Process.Pid) {
		t.Error("a process that has ended exists")
	}
}

// BenchmarkSample tells what a sample costs: it must not disturb what is measured.
func BenchmarkSample(b *testing.B) {
	w, err := WatchProcesses([]int{os.Getppid()}, 1000)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	b.ReportMetric(float64(len(w.all[0].others)+1), "threads")
	for range b.N {
		w.Sample()
	}
}

func BenchmarkBeginAndEnd(b *testing.B) {
	w, err := WatchProcesses([]int{os.Getppid()}, 1000)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for range b.N {
		w.Begin()
		w.End()
	}
}

func BenchmarkSocketOwners(b *testing.B) {
	b.ReportMetric(float64(len(processes())), "processes")
	for range b.N {
		SocketOwners([]uint32{1}, time.Minute)
	}
}
