//go:build !race

// The race detector maps memory of its own, now and then on a loop's thread: the
// list of calls is that of the program as it is used.

package engine

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The system calls of connections over loopback, but for the waits, of which one
// may serve many connections: those of each connection, those that end one so that
// its socket is kept, those of each socket, and those of a loop that keeps sockets.
var (
	callsOfConnection  = strings.Fields("connect sendto read sendto read")
	callsOfKeeping     = strings.Fields("shutdown shutdown connect")
	callsOfSocket      = strings.Fields("socket epoll_ctl close")
	callsOfKeepingLoop = strings.Fields("getsockopt")
)

// firstOfFirst is how the first connection begins.
var firstOfFirst = strings.Fields("socket connect sendto epoll_ctl")

// TestSystemCallsPerHandshake looks at a client with strace(1). Open connections
// overlap, only in flight there is one at a time: so calls are counted.
func TestSystemCallsPerHandshake(t *testing.T) {
	got := traceClient(t)
	sockets, kept := got["socket"], got["shutdown"]/2
	if sockets > clientConnections/2 || kept < clientConnections-sockets || kept == clientConnections {
		t.Errorf("%d sockets for %d connections, kept %d times", sockets, clientConnections, kept)
	}
	checkCalls(t, got, callsTimes{clientConnections, callsOfConnection}, callsTimes{kept, callsOfKeeping},
		callsTimes{sockets, callsOfSocket}, callsTimes{1, callsOfKeepingLoop})
}

// TestSystemCallsWithoutKeeping: with so few ports no socket is kept.
func TestSystemCallsWithoutKeeping(t *testing.T) {
	straceOrSkip(t) // inNamespace would hide a skip in the namespace
	if !inNamespace(t) {
		return
	}
	setPortRange(t, leastPortsToKeep-1)
	checkCalls(t, traceClient(t), callsTimes{clientConnections, callsOfConnection}, callsTimes{clientConnections, callsOfSocket})
}

// callsTimes is some calls, each made that many times.
type callsTimes struct {
	times int
	calls []string
}

func checkCalls(t *testing.T, got map[string]int, parts ...callsTimes) {
	t.Helper()
	want := map[string]int{}
	for _, part := range parts {
		for _, name := range part.calls {
			want[name] += part.times
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
}

// traceClient counts what the loop of a client calls, but for its waits.
func traceClient(t *testing.T) map[string]int {
	t.Helper()
	strace := straceOrSkip(t)
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
	if first := firstCalls(string(text)); !slices.Equal(first, firstOfFirst) {
		t.Errorf("the first connection begins with %v, want %v", first, firstOfFirst)
	}
	calls := countOf(callsAfterBirth(string(text)))
	delete(calls, "epoll_pwait")
	return calls
}

// callsAfterBirth are the calls of the thread that connects, from its first
// socket to its last close: without its birth and end.
func callsAfterBirth(trace string) []string {
	calls := callsOfThread(trace)
	for len(calls) > 0 && calls[len(calls)-1] != "close" {
		calls = calls[:len(calls)-1]
	}
	return calls
}

func countOf(calls []string) map[string]int {
	counts := map[string]int{}
	for _, name := range calls {
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
	for _, name := range callsOfThread(trace) {
		if name == "epoll_pwait" {
			break
		}
		if !isScheduling(name) {
			first = append(first, name)
		}
	}
	return first
}

// callsOfThread returns the names of the calls of the thread that connects, from
// its first socket on. A line is "PID name(arguments) = result", or for a call
// that was interrupted by another thread's "PID <... name resumed>".
func callsOfThread(trace string) (names []string) {
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
