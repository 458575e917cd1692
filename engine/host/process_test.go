package host

import (
	"fmt"
	"os"
	"testing"
	"time"
)

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
	a, b, none := Bandwidth{Folder: "/a", QuotaUs: 5, PeriodUs: 10}, Bandwidth{Folder: "/b", QuotaUs: 20, PeriodUs: 10}, Bandwidth{}
	for _, c := range []struct {
		quotas []Bandwidth
		want   float64
	}{{[]Bandwidth{a}, 0.5}, {[]Bandwidth{a, a}, 0.5}, {[]Bandwidth{a, b, a}, 2.5}, {[]Bandwidth{a, none}, 0}, {nil, 0}} {
		w := &Processes{peak: 77}
		for _, q := range c.quotas {
			w.all = append(w.all, &process{quota: q, peakBytes: 5})
		}
		if u := w.Usage(); u.Quota != c.want || u.PeakBytes != 77 {
			t.Errorf("%+v: quota %v, want %v; memory %d of the cgroup", c.quotas, u.Quota, c.want, u.PeakBytes)
		}
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
