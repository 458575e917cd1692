package bottleneck

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// quotaPeriod is the period of a CPU quota.
const quotaPeriod = 100 * time.Millisecond

// inCgroup returns the prefix of a command that runs a program in a cgroup of its own, with a
// quota of so many CPUs.
func inCgroup(t *testing.T, cpus float64) []string {
	t.Helper()
	folder, err := newCgroup(t, cpus)
	if err != nil {
		t.Skipf("needs root, and a hierarchy of cgroups with the controller cpu: %v", err)
	}
	t.Cleanup(func() { removeCgroup(t, folder) })
	return []string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(folder, "cgroup.procs")}
}

// newCgroup makes a cgroup of either version.
func newCgroup(t *testing.T, cpus float64) (folder string, err error) {
	quota, period := strconv.Itoa(int(cpus*float64(quotaPeriod.Microseconds()))), strconv.Itoa(int(quotaPeriod.Microseconds()))
	enableCPU(t, "/sys/fs/cgroup")
	var refused []error
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
		refused = append(refused, err)
		_ = os.Remove(folder) // if it was made
	}
	return "", errors.Join(refused...)
}

// enableCPU lets the children of a cgroup of version 2 have the controller cpu until the test ends
// (Documentation/admin-guide/cgroup-v2.rst). If it fails, cpu.max is missing.
func enableCPU(t *testing.T, parent string) {
	path := filepath.Join(parent, "cgroup.subtree_control")
	text, err := os.ReadFile(path)
	if err != nil || slices.Contains(strings.Fields(string(text)), "cpu") {
		return
	}
	if os.WriteFile(path, []byte("+cpu"), 0) == nil {
		t.Cleanup(func() { _ = os.WriteFile(path, []byte("-cpu"), 0) }) // refused while a child passes it on
	}
}

func makeCgroup(parent, folder string, files map[string]string) error {
	if _, err := os.Stat(filepath.Join(parent, "cgroup.procs")); err != nil {
		return err
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

// TestEnableCPU: the controller is enabled for a test, and only if it was not before.
func TestEnableCPU(t *testing.T) {
	for before, want := range map[string][2]string{"memory": {"+cpu", "-cpu"}, "cpuset cpu\n": {"cpuset cpu\n", "cpuset cpu\n"}} {
		path := filepath.Join(t.TempDir(), "cgroup.subtree_control")
		content := func() string {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run("test", func(t *testing.T) {
			enableCPU(t, filepath.Dir(path))
			if got := content(); got != want[0] {
				t.Errorf("%q: %q in the test, want %q", before, got, want[0])
			}
		})
		if got := content(); got != want[1] {
			t.Errorf("%q: %q after the test, want %q", before, got, want[1])
		}
	}
}
