//go:build cluster

package cluster

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
	"wsperf/stats/file"
)

// launched is a running wsperf launch, with a folder of its own.
type launched struct {
	*testing.T
	dir string
	cmd *exec.Cmd
	out bytes.Buffer
	err log
}

// log is what a process has said so far.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *log) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *log) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (l *launched) path(name string) string { return filepath.Join(l.dir, name) }

// ends waits for the end, and compares the exit code.
func (l *launched) ends(code int) {
	l.Helper()
	err := l.cmd.Wait()
	exit, _ := errors.AsType[*exec.ExitError](err)
	if err != nil && exit == nil {
		l.Fatal(err)
	}
	if got := l.cmd.ProcessState.ExitCode(); got != code {
		l.Errorf("exit code %d, want %d", got, code)
	}
}

// says waits until launch has said that.
func (l *launched) says(words string) {
	l.Helper()
	l.await(words, func() bool { return strings.Contains(l.err.String(), words) })
}

func (l *launched) await(what string, done func() bool) {
	l.Helper()
	for deadline := time.Now().Add(doneWithin); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.Fatalf("not after %v: %s; launch said %s", doneWithin, what, &l.err)
		}
	}
}

// said compares what launch has said with words that must be in it, in this order.
func (l *launched) said(words ...string) {
	l.Helper()
	rest := l.err.String()
	for _, w := range words {
		_, after, found := strings.Cut(rest, w)
		if !found {
			l.Errorf("launch did not say %q: %s", w, &l.err)
			return
		}
		rest = after
	}
}

// result reads the merged result.
func (l *launched) result() *stats.Result {
	l.Helper()
	text, err := os.ReadFile(l.path("result.json"))
	if err != nil {
		l.Fatalf("%v; launch said %s", err, &l.err)
	}
	r, err := file.Read(bytes.NewReader(text))
	if err != nil {
		l.Fatal(err)
	}
	return r
}

func (l *launched) kill(pid int, s unix.Signal) {
	l.Helper()
	if err := unix.Kill(pid, s); err != nil {
		l.Fatal(err)
	}
}

const allReady = "all 3 parts are ready"

// awaitNothing runs a command on node 0 until it prints nothing.
func (c *cluster) awaitNothing(t *testing.T, command ...string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(doneWithin); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if got = c.run(t, command[0], command[1:]...); got == "" {
			return
		}
	}
	t.Fatalf("%s: still %q after %v", strings.Join(command, " "), got, doneWithin)
}
