package bottleneck

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// quotaPeriod is the period of a CPU quota.
const quotaPeriod = 100 * time.Millisecond

// inCgroup returns the prefix of a command that runs a program in a cgroup of its own, with a
// quota of so many CPUs.
func inCgroup(t *testing.T, cpus float64) []string {
	t.Helper()
	folder, err := newCgroup(cpus)
	if err != nil {
		t.Skipf("needs root, and a hierarchy of cgroups with the controller cpu: %v", err)
	}
	t.Cleanup(func() { removeCgroup(t, folder) })
	return []string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(folder, "cgroup.procs")}
}

// newCgroup makes a cgroup of either version.
func newCgroup(cpus float64) (folder string, err error) {
	quota, period := strconv.Itoa(int(cpus*float64(quotaPeriod.Microseconds()))), strconv.Itoa(int(quotaPeriod.Microseconds()))
	for _, c := range []struct {
		parent string
		files  map[string]string
	}{
		{"/sys/fs/cgroup/cpu", map[string]string{"cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota}},
		{"/sys/fs/cgroup/cpu,cpuacct", map[string]string{"cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota}},
		{"/sys/fs/cgroup", map[string]string{"cpu.max": quota + " " + period}},
	} {
		folder = filepath.Join(c.parent, fmt.Sprintf("wsperf-bottleneck-%d", os.Getpid()))
		if err = makeCgroup(c.parent, folder, c.files); err == nil {
			return folder, nil
		}
		_ = os.Remove(folder) // if it was made
	}
	return "", err
}

func makeCgroup(parent, folder string, files map[string]string) error {
	if _, err := os.Stat(filepath.Join(parent, "cgroup.procs")); err != nil {
		return err
	}
	if _, unified := files["cpu.max"]; unified {
		_ = os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+cpu"), 0) // cpu.max is missing if it fails
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroup waits until the kernel has let the last process go, which has ended.
func removeCgroup(t *testing.T, folder string) {
	var err error
	for began := time.Now(); time.Since(began) < stopTimeout; time.Sleep(10 * time.Millisecond) {
		if err = os.Remove(folder); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	t.Errorf("%s is left: %v", folder, err)
}
