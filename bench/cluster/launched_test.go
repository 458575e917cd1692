//go:build cluster

package cluster

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
	"wsperf/stats/file"
)

// launched is a running wsperf launch of three parts, with a folder of its own.
type launched struct {
	*testing.T
	by  launcher
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

// launch launches three parts. options are those of launch and, after ---, of run.
func launch(t *testing.T, by launcher, url, options string) *launched {
	t.Helper()
	l := &launched{T: t, by: by, dir: t.TempDir()}
	before, behind, _ := strings.Cut(options, "--- ")
	args := slices.Concat([]string{"launch", by.place().kind, "--shards=3", "--out=" + l.path("result.json")}, by.options(l),
		strings.Fields(before), []string{"--", "run", url}, strings.Fields(behind))
	l.cmd = by.place().command(t, programs.Wsperf(t), args...)
	l.cmd.Stdout, l.cmd.Stderr = &l.out, &l.err
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return l
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

// text returns the merged result, as it is in its file.
func (l *launched) text() string {
	l.Helper()
	text, err := os.ReadFile(l.path("result.json"))
	if err != nil {
		l.Fatalf("%v; launch said %s", err, &l.err)
	}
	return strings.TrimSpace(string(text))
}

// result reads the merged result.
func (l *launched) result() *stats.Result {
	l.Helper()
	r, err := file.Read(strings.NewReader(l.text()))
	if err != nil {
		l.Fatal(err)
	}
	return r
}

// parts checks that the result has these parts, and how many connections they made, unless that is 0.
func (l *launched) parts(connections uint64, numbers ...int) *stats.Result {
	l.Helper()
	r := l.result()
	var got []int
	for _, p := range r.Parts {
		got = append(got, p.Number)
	}
	if !slices.Equal(got, numbers) || connections > 0 && (r.Total != connections || r.Success != connections) {
		l.Errorf("parts %v with %d connections, %d of them successes, want parts %v with %d\n%s", got, r.Total, r.Success, numbers, connections, &l.err)
	}
	return r
}

// interrupt is a Ctrl-C.
func (l *launched) interrupt() {
	l.Helper()
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		l.Fatal(err)
	}
}

func (l *launched) kill(pid int, s unix.Signal) {
	l.Helper()
	if err := unix.Kill(pid, s); err != nil {
		l.Fatal(err)
	}
}

// part returns the process of a part, once it runs.
func (l *launched) part(number int) (pid int) {
	l.Helper()
	l.await("part "+strconv.Itoa(number)+" runs", func() bool {
		pid = l.by.find(l, number)
		return pid != 0
	})
	return pid
}

// own returns the process of launch itself.
func (l *launched) own() int {
	l.Helper()
	pid := find(programs.Wsperf(l.T), "", "\x00launch\x00", l.dir+"/")
	if pid == 0 {
		l.Fatalf("launch does not run: %s", &l.err)
	}
	return pid
}

// find returns the process of a program with these words in its arguments and this variable in its environment, or 0.
// Words and variables are between zero bytes.
func find(program, variable string, words ...string) (pid int) {
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, p := range all {
		line, _ := os.ReadFile(filepath.Join(p, "cmdline")) // empty if it has ended
		environment, _ := os.ReadFile(filepath.Join(p, "environ"))
		missing := func(word string) bool { return !strings.Contains(string(line), word) }
		if strings.HasPrefix(string(line), program+"\x00") && !slices.ContainsFunc(words, missing) && strings.Contains("\x00"+string(environment), variable) {
			pid, _ = strconv.Atoi(filepath.Base(p))
			return pid
		}
	}
	return 0
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
