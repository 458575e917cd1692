package drive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/child"
)

// patience is how long a test waits for another process before it gives up.
const patience = 20 * time.Second

// roles are the behaviours of a fake worker. The part of its result file's name before
// the first "_" selects one; other names get a real worker.
var roles = map[string]func(f *fake){
	"silent":  func(f *fake) { f.untilEOF() },
	"babbles": func(f *fake) { fmt.Println("hello\n{}\n{\"prepared\""); f.untilEOF() },
	"deaf":    func(*fake) { time.Sleep(time.Hour) },
	"exit0":   func(*fake) {},
	"exit1":   func(*fake) { fmt.Fprint(os.Stderr, "wsperf: no\n\npanic: x\n"); os.Exit(1) },
	"exit130": func(*fake) { os.Exit(ui.ExitInterrupted) },
	"sigint":  func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGINT); time.Sleep(time.Hour) },
	"exit143": func(*fake) { os.Exit(128 + int(unix.SIGTERM)) },
	"garbled": func(*fake) { fmt.Print("hello\n{}\n{\"prepared\":7}\n[\n\x00\xff\n{\"prepared\""); os.Exit(2) },
	"waits":   func(f *fake) { f.notePID(); f.untilEOF() },
	"stuck":   (*fake).beStuck,
	// The first worker is a real one.
	"half": func(f *fake) {
		if strings.Contains(f.out, "_1") {
			f.beStuck()
		}
		f.notePID()
		f.work()
	},
	"floods":  func(*fake) { flood(os.Stdout, math.MaxInt) },
	"chokes":  func(*fake) { flood(os.Stdout, floodBytes); flood(os.Stderr, floodBytes); os.Exit(3) },
	"sighup":  func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGHUP); time.Sleep(time.Hour) },
	"sigkill": func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGKILL); time.Sleep(time.Hour) },
	"reports": func(f *fake) { f.say(answer{Result: &result{Exit: 1, Errors: []string{"no", "nor that"}}}); os.Exit(1) },
	// The second worker is slow to prepare.
	"together": func(f *fake) {
		if strings.Contains(f.out, "_1") {
			time.Sleep(200 * time.Millisecond)
		}
		f.note("prepared")
		f.say(answer{Prepared: &prepared{}})
		if line, err := f.in.ReadString('\n'); line == "{\"begin\":{}}\n" {
			f.note("begun")
		} else {
			f.note(fmt.Sprintf("%q, %v", line, err))
		}
	},
}

// fake is a worker that plays a role.
type fake struct {
	setup []byte
	in    *bufio.Reader
	out   string
}

// work does what a real worker does.
func (f *fake) work() {
	u := ui.New(io.MultiReader(bytes.NewReader(f.setup), f.in), os.Stdout, os.Stderr)
	os.Exit(u.Finish(Work(context.Background(), u)))
}

func (f *fake) untilEOF() { _, _ = io.Copy(io.Discard, f.in) } // a read error ends it too

func (f *fake) say(a answer) {
	data, err := line(a)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(data) // the driver sees it, or the test fails
}

// note adds a line to a file that all workers share.
func (f *fake) note(text string) {
	file, err := os.OpenFile(filepath.Join(filepath.Dir(f.out), "notes"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(file, text)
	_ = file.Close() // nothing is buffered
}

// beStuck is ended by nothing but SIGKILL, like a worker that was stopped (SIGSTOP).
func (f *fake) beStuck() {
	signal.Ignore(unix.SIGINT, unix.SIGTERM)
	f.notePID()
	time.Sleep(time.Hour)
}

func (f *fake) notePID() { f.note(fmt.Sprint(os.Getpid())) }

// floodBytes is much more than the driver may keep of a worker's output.
const floodBytes = 100 << 20

// flood writes n bytes of garbage without a line end, or until nobody reads.
func flood(to *os.File, n int) {
	garbage := bytes.Repeat([]byte("\x00\xff{\x1b"), 1<<14)
	for ; n > 0; n -= len(garbage) {
		if _, err := to.Write(garbage); err != nil {
			return
		}
	}
}

// asDriver is the name under which this test program is a driver of two workers.
const asDriver = "driver"

// TestMain lets this test program be a driver, or a worker, which the driver calls "wsperf".
func TestMain(m *testing.M) {
	switch os.Args[0] {
	case asDriver:
		beDriver(os.Args[1])
	case "wsperf":
		beWorker()
	default:
		os.Exit(m.Run())
	}
}

func beDriver(pattern string) {
	u := ui.New(os.Stdin, os.Stdout, os.Stderr)
	d, err := New(twoWorkers(pattern))
	if err == nil {
		err = d.Do(context.Background(), u)
	}
	os.Exit(u.Finish(err))
}

func beWorker() {
	in := bufio.NewReader(os.Stdin)
	first, err := in.ReadBytes('\n')
	if err != nil {
		panic(err)
	}
	var o order
	if err := json.Unmarshal(first, &o); err != nil {
		panic(err)
	}
	name, _, _ := strings.Cut(filepath.Base(o.Setup.Options.Out), "_")
	role, found := roles[name]
	if !found {
		role = (*fake).work
	}
	role(&fake{first, in, o.Setup.Options.Out})
}

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

// TestInterruptedBeforeTheBegin checks that the workers end without having begun.
func TestInterruptedBeforeTheBegin(t *testing.T) {
	d := driver(t, "together_%d", usual)
	all := mustMake(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	all.start(false)
	cancel()
	if err := d.work(ctx, quiet(), all, func() { t.Error("prepared") }); err != ui.ErrEarly {
		t.Errorf("error %v, want %v", err, ui.ErrEarly)
	}
	notes, _ := os.ReadFile(filepath.Join(filepath.Dir(d.options.Out), "notes")) // there may be none
	if bytes.Contains(notes, []byte("begun")) {
		t.Errorf("a worker began:\n%s", notes)
	}
	if err := all.failures(true); err != nil {
		t.Errorf("failures: %v", err)
	}
}

// TestWorkerThatIsNeverPrepared checks that the worker is killed, and that the other
// one runs.
func TestWorkerThatIsNeverPrepared(t *testing.T) {
	for _, role := range []string{"silent", "babbles", "deaf", "floods"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			all := append(mustMake(t, driver(t, role+"_%d", usual))[:1], mustMake(t, driver(t, "together_%d", usual))[0])
			all.start(false)
			const timeout = 700 * time.Millisecond
			if !all.prepared(t.Context(), timeout) {
				t.Fatal("interrupted")
			}
			all.begin()
			all.wait()
			if got, want := all[0].failure(false), "was not prepared within 700ms and was killed"; got != want {
				t.Errorf("failure %q, want %q", got, want)
			}
			if notes, err := os.ReadFile(filepath.Join(filepath.Dir(all[1].options.Out), "notes")); string(notes) != "prepared\nbegun\n" {
				t.Errorf("the other worker noted %q, %v", notes, err)
			}
		})
	}
}

// startDriver starts a driver process, whose workers play the role of the pattern, and
// waits until each has noted its process ID.
func startDriver(t *testing.T, pattern string) (driver *child.Child, workers []int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	driver, err = child.Start(child.Command{Path: self, Args: []string{asDriver, pattern}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		driver.End(0)
		if t.Failed() {
			for _, pid := range notedPIDs(pattern) {
				_ = unix.Kill(pid, unix.SIGKILL) // it is gone, unless the driver left it behind
			}
		}
	})
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); len(workers) < 2; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("the workers noted only %v", workers)
		}
		workers = notedPIDs(pattern)
	}
	return driver, workers
}

func notedPIDs(pattern string) (all []int) {
	notes, _ := os.ReadFile(filepath.Join(filepath.Dir(pattern), "notes")) // there may be none yet
	for line := range strings.Lines(string(notes)) {
		pid := 0
		if _, err := fmt.Sscanf(line, "%d\n", &pid); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// TestDriverInterruptedBeforeWorkersArePrepared: there is no connection to close and
// nothing to report, so the first signal ends all processes, whatever they do.
func TestDriverInterruptedBeforeWorkersArePrepared(t *testing.T) {
	for _, c := range []struct {
		role   string
		signal unix.Signal
	}{{"waits", unix.SIGINT}, {"waits", unix.SIGTERM}, {"stuck", unix.SIGINT}, {"stuck", unix.SIGTERM}, {"half", unix.SIGINT}} {
		t.Run(fmt.Sprintf("%s %v", c.role, c.signal), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			driver, workers := startDriver(t, filepath.Join(dir, c.role+"_%d"))
			driver.Signal(c.signal)
			await(t, driver.Ended(), "end of the driver")
			mustEndEarly(t, driver, c.signal)
			for _, pid := range workers {
				if err := unix.Kill(pid, 0); err != unix.ESRCH {
					t.Errorf("worker %d outlives its driver: %v", pid, err)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("left behind: %v %v, want the notes alone", left, err)
			}
		})
	}
}

// mustEndEarly expects the exit code of the signal, and one line on standard error. On a
// machine with a single CPU it follows a warning.
func mustEndEarly(t *testing.T, driver *child.Child, sig unix.Signal) {
	t.Helper()
	if err, want := driver.Wait(), fmt.Sprintf("exit status %d", ui.ExitSignalled+int(sig)); fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
	lines := slices.DeleteFunc(strings.SplitAfter(driver.LastWords(), "\n"), func(line string) bool {
		return strings.Contains(line, "more than one loop per CPU")
	})
	if got, want := strings.Join(lines, ""), "wsperf: interrupted before the run began\n"; got != want {
		t.Errorf("standard error %q, want %q", got, want)
	}
	if line, err := driver.FirstLine(t.Context()); err != child.ErrSilent {
		t.Errorf("standard output begins with %q (%v)", line, err)
	}
}

// TestWorkerDiesBeforeItIsPrepared checks that the driver does not wait for it, keeps
// little of what it prints, and lets the other worker run.
func TestWorkerDiesBeforeItIsPrepared(t *testing.T) {
	for role, want := range map[string]string{
		"exit1":   "worker 0: exit status 1: no\nworker 0: panic: x",
		"sigkill": "worker 0: signal: killed",
		"garbled": "worker 0: exit status 2",
		"chokes":  "worker 0: exit status 3: ",
	} {
		t.Run(role, func(t *testing.T) {
			all := append(mustMake(t, driver(t, role+"_%d", usual))[:1], mustMake(t, driver(t, "together_%d", usual))[0])
			before := allocated()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			all.start(false)
			if !all.prepared(ctx, time.Hour) {
				t.Fatal("the driver waits for the worker")
			}
			all.begin()
			all.wait()
			if got := allocated() - before; got > floodBytes/10 {
				t.Errorf("the driver allocated %d bytes", got)
			}
			if err := all.failures(false); err == nil || !strings.HasPrefix(err.Error(), want) || len(err.Error()) > 5000 {
				t.Errorf("failures %.200q, want %q", fmt.Sprint(err), want)
			}
			if notes, err := os.ReadFile(filepath.Join(filepath.Dir(all[1].options.Out), "notes")); string(notes) != "prepared\nbegun\n" {
				t.Errorf("the other worker noted %q, %v", notes, err)
			}
		})
	}
}

// allocated returns how many bytes were allocated on the heap so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
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
	if err := errors.Join(all.results(false).analyze(u, false), u.Out.Flush()); err != nil {
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
