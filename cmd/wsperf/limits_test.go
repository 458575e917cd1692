package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

// withoutCgo builds wsperf as it is released. Linked with the C library, each thread would
// take some ten MB of address space, and one that cannot be started ends the process.
func withoutCgo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wsperf")
	build := exec.Command("go", "build", "-pgo=off", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// limitedRun is a run in a shell that limits itself before.
type limitedRun struct {
	code           int
	stdout, stderr string
	config         stats.Setup // of the result file, if there is one
}

// runLimited runs a line of shell and then wsperf, with as many descriptors as this machine
// allows.
func runLimited(t *testing.T, wsperf, limit string, args ...string) (r limitedRun) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	script := `ulimit -n "$(cat /proc/sys/fs/nr_open)" 2>/dev/null || ulimit -n "$(ulimit -Hn)"; ` + limit + `; exec "$0" "$@"`
	args = append([]string{"-c", script, wsperf, "run", "--low", "250", "--high", "500", "--out", file}, args...)
	cmd := exec.CommandContext(t.Context(), "sh", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code says it all
	r.code, r.stdout, r.stderr = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	if data, err := os.ReadFile(file); err == nil {
		var result struct{ Config stats.Setup }
		if err := json.Unmarshal(data, &result); err != nil {
			t.Fatal(err)
		}
		r.config = result.Config
	}
	return r
}

// leastAddressSpaceOf returns how much address space wsperf takes at least when it runs, in
// kB. In one start of 25 the Go runtime maps one more heap arena of 64 MB.
func leastAddressSpaceOf(t *testing.T, wsperf string) int {
	t.Helper()
	least := addressSpaceOf(t, wsperf)
	for range 3 {
		least = min(least, addressSpaceOf(t, wsperf))
	}
	return least
}

// addressSpaceOf returns how much address space wsperf takes when it runs, in kB
// (proc_pid_status(5), VmPeak).
func addressSpaceOf(t *testing.T, wsperf string) int {
	t.Helper()
	cmd := exec.Command(wsperf, "testee", "--listen", "127.0.0.1:0", "--loops", "1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // the error says that it was killed
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmPeak:")
	kB, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB
}

// TestAddressSpaceLimit: with any limit that lets the Go runtime start, a run ends with a
// report or with one sentence that says what to do.
func TestAddressSpaceLimit(t *testing.T) {
	t.Parallel()
	wsperf := withoutCgo(t)
	needed := leastAddressSpaceOf(t, wsperf)
	limited := func(spareMB int) limitedRun {
		return runLimited(t, wsperf, fmt.Sprintf("ulimit -v %d", needed+spareMB<<10), "--duration", "100ms")
	}
	t.Run("too little", func(t *testing.T) {
		r := limited(100)
		if r.code != ui.ExitFailed || strings.Count(r.stderr, "\n") != 1 || !strings.HasSuffix(r.stderr, ": raise it (ulimit -v)\n") || r.stdout != "" {
			t.Errorf("exit code %d, standard error %q, standard output %q", r.code, r.stderr, r.stdout)
		}
	})
	t.Run("too little for all descriptors", func(t *testing.T) {
		r := limited(300)
		if r.code != 0 || strings.Contains(r.stderr, "goroutine") || !strings.Contains(r.stdout, "Aggregate results") {
			t.Fatalf("exit code %d, standard error %q, standard output %q", r.code, r.stderr, r.stdout)
		}
		var descriptors unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &descriptors); err != nil {
			t.Fatal(err)
		}
		if descriptors.Max < 1<<14 {
			t.Skipf("the hard limit of %d descriptors is lower", descriptors.Max)
		}
		if r.config.MaxOpenBy != stats.LimitAddressSpace || r.config.MaxOpen > 300<<10/16 {
			t.Errorf("limit %d connections by %q, want at most %d by %q", r.config.MaxOpen, r.config.MaxOpenBy, 300<<10/16, stats.LimitAddressSpace)
		}
	})
}

// TestCgroupMemoryLimit runs client and testee in a cgroup with 64 MB.
func TestCgroupMemoryLimit(t *testing.T) {
	t.Parallel()
	const limit = 64 << 20
	procs := newMemoryCgroup(t, limit)
	r := runLimited(t, withoutCgo(t), "echo $$ >"+procs, "--duration", "200ms", "--low", "10000", "--high", "10000")
	if r.code != 0 || !strings.Contains(r.stdout, "Aggregate results") {
		t.Fatalf("exit code %d, standard error %q, standard output %q", r.code, r.stderr, r.stdout)
	}
	if r.config.MaxOpenBy != stats.LimitCgroup || r.config.MaxOpen > limit>>14 {
		t.Errorf("limit %d connections by %q, want at most %d by %q", r.config.MaxOpen, r.config.MaxOpenBy, limit>>14, stats.LimitCgroup)
	}
	if !strings.Contains(r.stderr, "left of the cgroup's memory limit") {
		t.Errorf("no warning of the cgroup's memory: %q", r.stderr)
	}
}

// newMemoryCgroup makes a cgroup with a limit, which the end of the test removes, and returns
// the file that takes its processes. The test is skipped if that is not allowed.
func newMemoryCgroup(t *testing.T, limit int) (procs string) {
	t.Helper()
	for _, c := range []struct{ hierarchy, file string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, // version 1
		{"/sys/fs/cgroup", "memory.max"},                   // version 2
	} {
		folder, err := os.MkdirTemp(c.hierarchy, "wsperf-test-")
		if err != nil {
			t.Log(err)
			continue
		}
		t.Cleanup(func() { _ = os.Remove(folder) }) // its processes have ended
		if err := setExisting(filepath.Join(folder, c.file), strconv.Itoa(limit)); err != nil {
			t.Log(err)
			continue
		}
		return filepath.Join(folder, "cgroup.procs")
	}
	t.Skip("no cgroup with a memory limit can be made here")
	return ""
}

// setExisting writes a file that must be there.
func setExisting(path, value string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}
