package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCgroupCPUTime(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  cpuTime
		ok    bool
	}{
		"version 1":                           {map[string]string{"cpuacct.usage": "1000\n", "cpuacct.usage_user": "300\n", "cpuacct.usage_sys": "600\n"}, cpuTime{1000, 300, 900}, true},
		"version 1, the sum alone":            {map[string]string{"cpuacct.usage": "1000\n"}, cpuTime{1000, 0, 0}, true},
		"version 2":                           {map[string]string{"cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 0\n"}, cpuTime{5000, 3000, 5000}, true},
		"the hierarchy of another controller": {map[string]string{"cpu.stat": "nr_periods 0\nnr_throttled 0\n"}, cpuTime{}, false},
		"nothing":                             {nil, cpuTime{}, false},
	} {
		if got, ok := Cgroup(writeFiles(t, c.files)).cpuTime(); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %t, want %+v", name, got, ok, c.want)
		}
	}
}

func TestCheckCgroup(t *testing.T) {
	root := writeFiles(t, map[string]string{"file": "", "folder/x": "", "good/cgroup.procs": "1\n0\n", "good/below/cgroup.procs": "3\n1\n",
		"own/below/cgroup.procs": fmt.Sprintln(os.Getpid()), "own/cgroup.procs": ""})
	for name, want := range map[string]string{
		"good": "", "missing": "does not exist: must be", "file": "is not a directory", "file/x": "not a directory", "folder": "no file cgroup.procs", "own": "has wsperf in it",
	} {
		err := Cgroup(filepath.Join(root, name)).Check()
		if err == nil != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if pids := Cgroup(filepath.Join(root, "good")).PIDs(); !slices.Equal(pids, []int{1, 3}) {
		t.Errorf("PIDs %v", pids)
	}
}

// TestRealCgroup: a process that was in the cgroup and has ended counts.
func TestRealCgroup(t *testing.T) {
	folder := ""
	for _, parent := range []string{"/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"} {
		at := filepath.Join(parent, fmt.Sprintf("wsperf-test-%d", os.Getpid()))
		if _, err := os.Stat(filepath.Join(parent, "cgroup.procs")); err == nil && os.Mkdir(at, 0o755) == nil {
			folder = at
			break
		}
	}
	if folder == "" {
		t.Skip("no cgroup can be made here: run as root, outside of a container")
	}
	defer os.Remove(folder) // after the processes have ended
	o, ends := startOther(t, 1, 0), startOther(t, 1, 0)
	defer o.end()
	for _, each := range []*other{o, ends} {
		if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(fmt.Sprint(each.Process.Pid)), 0); err != nil {
			t.Fatal(err)
		}
	}
	c := Cgroup(folder)
	if err := c.Check(); err != nil || len(c.PIDs()) != 2 {
		t.Fatalf("%v, processes %v", err, c.PIDs())
	}
	w := watch(t, o.Process.Pid) // not the other
	w.WithCgroup(c)
	w.Begin()
	second := watch(t, ends.Process.Pid)
	second.Begin()
	const each = 100 * time.Millisecond
	o.uses(t, w, each)
	ends.uses(t, second, each) // on a busy machine it takes longer
	ends.end()
	w.End()
	alone := w.all[0].now.total - w.all[0].before.total
	if u := w.Usage(); u.UserNs+u.SystemNs <= alone+int64(each)*3/4 {
		t.Errorf("the cgroup used %d ns, one of its two processes %d, and the other one %v or more", u.UserNs+u.SystemNs, alone, each)
	}
}
