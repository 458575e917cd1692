//go:build !race

// The race detector maps memory, at times on a loop's thread, which would add calls to
// the list.

package engine

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// waitCall is the system call that a loop waits in.
const waitCall = "epoll_pwait2"

// The system calls of connections over loopback, without epoll_pwait2, of which one may
// serve many connections: those of each connection, of keeping a socket at its end, of
// each socket, and of a loop that keeps sockets.
var (
	callsOfConnection  = strings.Fields("connect sendto read sendto read")
	callsOfKeeping     = strings.Fields("shutdown shutdown connect")
	callsOfSocket      = strings.Fields("socket epoll_ctl close")
	callsOfKeepingLoop = strings.Fields("getsockopt")
)

// firstOfFirst are the first calls of the first connection.
var firstOfFirst = strings.Fields("socket connect sendto epoll_ctl")

// TestSystemCallsPerHandshake traces a client with strace(1). It counts the calls and does
// not compare their order: only one connection is in flight at a time, but closing ones
// overlap with it.
func TestSystemCallsPerHandshake(t *testing.T) {
	straceOrSkip(t) // inNamespace would hide a skip in the namespace
	if !inNamespace(t) {
		return
	}
	got := traceClient(t)
	sockets, kept := got["socket"], got["shutdown"]/2
	if sockets > clientConnections/2 || kept < clientConnections-sockets || kept == clientConnections {
		t.Errorf("%d sockets for %d connections, kept %d times: want most connections on kept sockets", sockets, clientConnections, kept)
	}
	checkCalls(t, got, repeated{clientConnections, callsOfConnection}, repeated{kept, callsOfKeeping},
		repeated{sockets, callsOfSocket}, repeated{1, callsOfKeepingLoop})
}

// TestSystemCallsWithoutKeeping: with too few ports, no socket is kept.
func TestSystemCallsWithoutKeeping(t *testing.T) {
	straceOrSkip(t)
	if !inNamespace(t) {
		return
	}
	setPortRange(t, leastPortsToKeep-1)
	checkCalls(t, traceClient(t), repeated{clientConnections, callsOfConnection}, repeated{clientConnections, callsOfSocket})
}

// repeated is a list of calls, each made that many times.
type repeated struct {
	times int
	calls []string
}

func checkCalls(t *testing.T, got map[string]int, parts ...repeated) {
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

// traceClient returns how often the loop of a client makes each call over loopback,
// without epoll_pwait2.
func traceClient(t *testing.T) map[string]int {
	t.Helper()
	strace := straceOrSkip(t)
	text := traceRun(t, strace, clientRole+"="+startTestee(t), (*exec.Cmd).Start)
	if first := firstCalls(text); !slices.Equal(first, firstOfFirst) {
		t.Errorf("the first connection begins with %v, want %v", first, firstOfFirst)
	}
	return callsOfLoop(text)
}

// traceRun returns strace's output of this test program in a role, which is started by a
// function.
func traceRun(t *testing.T, strace, role string, start func(*exec.Cmd) error) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command(strace, "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", file, os.Args[0])
	cmd.Env = append(os.Environ(), role)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmp.Or(start(cmd), cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// callsOfLoop counts the calls of a loop by name, without epoll_pwait2.
func callsOfLoop(trace string) map[string]int {
	calls := countOf(callsUntilLastClose(trace))
	delete(calls, waitCall)
	return calls
}

// callsUntilLastClose returns the calls of the thread that connects, from its first socket
// to its last close: without those that begin and end the thread.
func callsUntilLastClose(trace string) []string {
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

// isScheduling reports whether the Go runtime makes the call on any thread at any time.
func isScheduling(name string) bool {
	return slices.Contains([]string{"futex", "nanosleep", "rt_sigreturn", "getpid", "tgkill", "sched_yield", "rt_sigprocmask"}, name)
}

// firstCalls returns the calls of the first connection before the first epoll_pwait2.
func firstCalls(trace string) (first []string) {
	for _, name := range callsOfThread(trace) {
		if name == waitCall {
			break
		}
		if !isScheduling(name) {
			first = append(first, name)
		}
	}
	return first
}

// callsOfThread returns the names of the calls of the thread that connects, from its first
// socket on. A line is "PID name(arguments) = result". If another thread's line splits a
// call, its second half is "PID <... name resumed>".
func callsOfThread(trace string) (names []string) {
	for _, line := range linesOfLoop(trace) {
		name, _, found := strings.Cut(line, "(")
		if found && !strings.HasPrefix(name, "<") && (name == "socket" || len(names) > 0) {
			names = append(names, name)
		}
	}
	return names
}
