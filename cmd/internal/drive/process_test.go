package drive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
)

// patience is how long a test waits for another process before it gives up.
const patience = 20 * time.Second

// twoWorkers returns the options of two workers that hold one connection each.
func twoWorkers(pattern string) Options {
	o := Default()
	o.Workers, o.Connections, o.Low, o.High, o.Out = 2, 5, 1, 1, pattern
	return o
}

// driver makes a driver of two workers, whose result files match pattern in a temporary
// folder.
func driver(t *testing.T, pattern string, change func(*Options)) *Driver {
	t.Helper()
	o := twoWorkers(filepath.Join(t.TempDir(), pattern))
	change(&o)
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func usual(*Options) {}

func mustMake(t *testing.T, d *Driver) workers {
	t.Helper()
	at, err := measure.Resolve(t.Context(), d.job)
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.workers(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, w := range all {
			if w.child != nil {
				w.child.End(0)
			}
		}
	})
	return all
}

func quiet() *ui.UI { return ui.New(nil, io.Discard, io.Discard) }

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("no %s", what)
	}
}

func TestWorkersBeginTogether(t *testing.T) {
	d := driver(t, "together_%d", func(o *Options) { o.Workers = 3 })
	all := mustMake(t, d)
	all.start(false)
	_ = d.work(t.Context(), quiet(), all, func() {}) // it is not interrupted
	notes, err := os.ReadFile(filepath.Join(filepath.Dir(d.options.Out), "notes"))
	want := strings.Repeat("prepared\n", 3) + strings.Repeat("begun\n", 3)
	if err != nil || string(notes) != want {
		t.Errorf("%v, the workers did\n%swant\n%s", err, notes, want)
	}
}

func TestFailure(t *testing.T) {
	heedHangups(t)
	for _, c := range []struct {
		role              string
		ofItself, stopped string // failure(false) and failure(true)
		report            []string
	}{
		{"exit0", "wrote no result file", "wrote no result file", []string{"worker 0: why"}},
		{"exit1", "exit status 1", "exit status 1", []string{"worker 0: why: no", "worker 0: panic: x"}},
		{"exit130", "exit status 130", "", []string{"worker 0: why"}},
		{"sigint", "signal: interrupt", "", []string{"worker 0: why"}},
		{"exit143", "exit status 143", "", []string{"worker 0: why"}},
		{"sighup", "signal: hangup", "", []string{"worker 0: why"}},
		{"sigkill", "signal: killed", "signal: killed", []string{"worker 0: why"}},
		{"reports", "exit status 1", "exit status 1", []string{"worker 0: why: no", "worker 0: nor that"}},
	} {
		t.Run(c.role, func(t *testing.T) {
			w := mustMake(t, driver(t, c.role+"_%d", usual))[0]
			w.start(false)
			await(t, w.ended(), "end")
			if got := w.failure(false); got != c.ofItself {
				t.Errorf("%q, want %q", got, c.ofItself)
			}
			if got := w.failure(true); got != c.stopped {
				t.Errorf("interrupted: %q, want %q", got, c.stopped)
			}
			if got := ui.Lines(w.report("why")); !slices.Equal(got, c.report) {
				t.Errorf("report %q, want %q", got, c.report)
			}
		})
	}
}

func TestWorkerThatCannotBeStarted(t *testing.T) {
	w := &worker{number: 3, failed: errors.New("cannot be started: no")}
	await(t, w.ended(), "end")
	w.begin()
	w.interrupt()
	w.giveUp(0)
	w.abandon()
	if got := ui.Lines(workers{w}.failures(true)); !slices.Equal(got, []string{"worker 3: cannot be started: no"}) {
		t.Errorf("%q", got)
	}
}

// gated is a testee that holds back its responses until the gate is opened.
// With a high watermark of 1, each worker then holds one connection.
type gated struct {
	url   string
	gate  chan struct{}
	begun chan struct{} // gets one for each request that was seen
}

func newGated(t *testing.T) *gated {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	g := &gated{url: "ws://" + l.Addr().String() + "/", gate: make(chan struct{}), begun: make(chan struct{}, 100)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(c)
		}
	}()
	return g
}

func (g *gated) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	_, _ = in.Peek(1) // the next step fails if this one does
	g.begun <- struct{}{}
	<-g.gate
	talk := struct {
		io.Reader
		io.Writer
	}{in, c}
	if _, err := ws.Upgrade(talk); err != nil {
		return
	}
	if head, err := ws.ReadHeader(in); err == nil && head.OpCode == ws.OpClose {
		_, _ = io.CopyN(io.Discard, in, head.Length)
		_ = ws.WriteFrame(c, ws.NewCloseFrame(nil)) // the client sees it, or the test fails
	}
}

// TestWorkerKilled kills the second worker during its run. A file of an earlier run is
// at the path of its result, and must not be reported.
func TestWorkerKilled(t *testing.T) {
	g := newGated(t)
	d := driver(t, "result_%d.json", func(o *Options) { o.URL = g.url })
	all := mustMake(t, d)
	if err := os.WriteFile(all[1].options.Out, []byte("an earlier result"), 0o600); err != nil {
		t.Fatal(err)
	}
	all.start(false)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		_ = d.work(t.Context(), quiet(), all, func() {}) // it is not interrupted
	}()
	await(t, g.begun, "first connection")
	await(t, g.begun, "second connection")
	pid := all[1].child.PID()
	if group, err := unix.Getpgid(pid); group != pid {
		t.Errorf("process group %d, want %d: a Ctrl-C would reach the worker twice: %v", group, pid, err)
	}
	all[1].child.Signal(unix.SIGKILL)
	await(t, all[1].ended(), "end of the killed worker")
	close(g.gate)
	await(t, finished, "end of the other worker")
	if err := all.failures(false); err == nil || err.Error() != "worker 1: signal: killed" {
		t.Errorf("failures: %v", err)
	}
	mustReportOne(t, all, filepath.Dir(d.options.Out))
}

// mustReportOne expects only the first worker's result in the report.
func mustReportOne(t *testing.T, all workers, dir string) {
	t.Helper()
	var out bytes.Buffer
	u := ui.New(nil, &out, io.Discard)
	if err := errors.Join(new(Driver).analyze(u, all.results(false)), u.Out.Flush()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"Loading wsperf result file " + dir + "/result_0.json ..\n\nNot run: 5 of 10 (worker 1: signal: killed)\n\nAggregate results",
		"             Total:         5\n           Success:         5\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "result_1.json") {
		t.Errorf("the earlier run's file was loaded:\n%s", out.String())
	}
}

// TestProgressArrives checks that the driver's progress is that of the running workers.
func TestProgressArrives(t *testing.T) {
	g := newGated(t)
	d := driver(t, "result_%d.json", func(o *Options) { o.URL = g.url })
	all := mustMake(t, d)
	all.start(true)
	if !all.prepared(t.Context(), patience) {
		t.Fatal("interrupted")
	}
	all.begin()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); ; <-ticker.C {
		if p := all.progress(); p.Started == 2 && p.InFlight == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("progress %+v", p)
		}
	}
	close(g.gate)
	all.wait()
	if err := all.failures(false); err != nil {
		t.Error(err)
	}
}

// TestWorkerSendsProgress waits for the progress of a connection that is held open.
func TestWorkerSendsProgress(t *testing.T) {
	g := newGated(t)
	all := mustMake(t, driver(t, "result_%d.json", func(o *Options) { o.URL, o.Workers = g.url, 1 }))
	all.start(true)
	all.prepared(t.Context(), patience)
	all.begin()
	await(t, g.begun, "connection")
	for end := time.Now().Add(patience); all.progress().Started == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no progress was sent")
		}
	}
	close(g.gate)
	all.wait()
	if errs := all.failures(false); errs != nil {
		t.Error(errs)
	}
}

// heedHangups lets the processes that a test starts get SIGHUP, also if the tests themselves
// were started by nohup(1): an ignored signal stays ignored in a child (execve(2)).
func heedHangups(t *testing.T) {
	t.Helper()
	if signal.Ignored(unix.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), unix.SIGHUP) // for all tests: Stop would have it ignored again
	}
}
