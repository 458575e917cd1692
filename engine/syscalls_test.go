//go:build !race

// The race detector maps memory of its own, now and then on a loop's thread: the
// list of calls is that of the program as it is used.

package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goldenCalls is every system call of a connection over loopback, but for the
// waits, of which one may serve many connections.
var goldenCalls = strings.Fields("socket connect sendto epoll_ctl read sendto read close")

// TestSystemCallsPerHandshake looks at a client with strace(1).
func TestSystemCallsPerHandshake(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED: strace is not installed (apt-get install strace)")
	}
	addr := startTestee(t)
	file := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command(strace, "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", file, os.Args[0])
	cmd.Env = append(os.Environ(), clientRole+"="+addr)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Open connections overlap: only in flight there is one at a time. So count.
	want := map[string]int{}
	for _, name := range goldenCalls {
		want[name] += clientConnections
	}
	got := loopCalls(string(text))
	for name, n := range got {
		if name != "epoll_pwait" && n != want[name] {
			t.Errorf("%d calls of %s, want %d", n, name, want[name])
		}
	}
	for name := range want {
		if got[name] == 0 {
			t.Errorf("no call of %s", name)
		}
	}
	if first := firstCalls(string(text)); !slices.Equal(first, goldenCalls[:4]) {
		t.Errorf("a connection begins with %v, want %v", first, goldenCalls[:4])
	}
}

// loopCalls counts the calls of the thread that connects, from its first socket
// to its last close: without its birth and end.
func loopCalls(trace string) map[string]int {
	calls := callsOfLoop(trace)
	last := len(calls) - 1
	for last >= 0 && calls[last] != "close" {
		last--
	}
	counts := map[string]int{}
	for _, name := range calls[:last+1] {
		if !isScheduling(name) {
			counts[name]++
		}
	}
	return counts
}

// isScheduling: what the Go runtime does with any thread, now and then.
func isScheduling(name string) bool {
	return slices.Contains([]string{"futex", "nanosleep", "rt_sigreturn", "getpid", "tgkill", "sched_yield", "rt_sigprocmask"}, name)
}

// firstCalls is the calls of the first connection before there is a wait.
func firstCalls(trace string) (first []string) {
	for _, name := range callsOfLoop(trace) {
		if name == "epoll_pwait" {
			break
		}
		if !isScheduling(name) {
			first = append(first, name)
		}
	}
	return first
}

// callsOfLoop returns the names of the calls of the thread that connects, from
// its first socket on. A line is "PID name(arguments) = result", or for a call
// that was interrupted by another thread's "PID <... name resumed>".
func callsOfLoop(trace string) (names []string) {
	var thread string
	for line := range strings.Lines(trace) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, found := strings.Cut(strings.TrimSpace(call), "(")
		if !found || strings.HasPrefix(name, "<") {
			continue
		}
		if name == "socket" && thread == "" {
			thread = pid
		}
		if pid == thread {
			names = append(names, name)
		}
	}
	return names
}
