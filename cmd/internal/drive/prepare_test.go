package drive

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
	"wsperf/engine/child"
)

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
