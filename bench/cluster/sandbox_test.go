//go:build cluster

package cluster

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// busy is a command that leaves around what a cluster does: daemons, namespaces below its
// own, mounts, named networks, cgroups.
const busy = `
for h in /sys/fs/cgroup/*/ /sys/fs/cgroup/; do mkdir "$h/child" 2>/dev/null && break; done
echo 0 >"$h/child/cgroup.procs"
setsid sleep 1000 &
unshare --mount --pid --fork sleep 1000 &
ip netns add wsperf-test
mkdir -p /run/mounted && mount -t tmpfs tmpfs /run/mounted
echo begun
cat >/dev/null`

// TestSandboxLeavesNothing: whatever ends a sandbox, all that ran in it is gone.
func TestSandboxLeavesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(s *sandbox) error
	}{
		{"input ends", func(s *sandbox) error { return s.stdin.Close() }},
		{"interrupted", func(s *sandbox) error { return s.cmd.Process.Signal(unix.SIGINT) }},
		{"terminated", func(s *sandbox) error { return s.cmd.Process.Signal(unix.SIGTERM) }},
		{"process 1 is killed", func(s *sandbox) error { return unix.Kill(s.init, unix.SIGKILL) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startSandbox(t)
			if got := len(processes(t, s.namespace)); got < 3 {
				t.Fatalf("%d processes in the sandbox", got)
			}
			if err := c.end(s); err != nil {
				t.Fatal(err)
			}
			s.awaitEnd(t)
			if left := processes(t, s.namespace); len(left) > 0 {
				t.Errorf("processes left: %v", left)
			}
			for _, path := range []string{"/sys/fs/cgroup/*/" + s.cgroup(), "/sys/fs/cgroup/" + s.cgroup(), "/run/netns/wsperf-test", "/run/mounted", s.folder + "/pid"} {
				if left, _ := filepath.Glob(path); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
			}
		})
	}
}

// sandbox is one that runs the command busy.
type sandbox struct {
	folder    string
	cmd       *exec.Cmd
	stdin     io.Closer
	init      int    // process 1
	namespace string // of its processes, as /proc/PID/ns/pid has it
}

func (s *sandbox) cgroup() string { return fmt.Sprintf("wsperf-cluster-%d", s.cmd.Process.Pid) }

func startSandbox(t *testing.T) *sandbox {
	t.Helper()
	s := &sandbox{folder: t.TempDir()}
	s.cmd = exec.Command("./sandbox", s.folder, "bash", "-c", busy)
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.stdin.Close() }) // it may be closed
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "begun\n" {
		t.Fatalf("the sandbox printed %q: %v", line, err)
	}
	s.findInit(t)
	return s
}

// findInit waits for the file with the number of process 1, which is written beside it.
func (s *sandbox) findInit(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(endedWithin); s.init == 0; time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(s.folder, "pid"))
		s.init, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		if time.Now().After(deadline) {
			t.Fatal("no process 1")
		}
	}
	var err error
	if s.namespace, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", s.init)); err != nil {
		t.Fatal(err)
	}
}

func (s *sandbox) awaitEnd(t *testing.T) {
	t.Helper()
	killed := make(chan struct{})
	late := time.AfterFunc(endedWithin, func() {
		_ = s.cmd.Process.Kill() // it may have ended
		close(killed)
	})
	_ = s.cmd.Wait()
	if !late.Stop() {
		<-killed
		t.Fatalf("still running after %v", endedWithin)
	}
}

// processes are those in a PID namespace.
func processes(t *testing.T, namespace string) (found []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if in, err := os.Readlink(link); err == nil && in == namespace { // an error: it has ended
			found = append(found, link)
		}
	}
	return found
}
