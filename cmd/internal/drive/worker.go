package drive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
	"wsperf/engine/child"
)

// worker is a run in a child process, from the driver's side.
type worker struct {
	number    int
	options   job.Options
	child     *child.Child  // nil: not started
	failed    error         // why it was not started, or given up
	abandoned bool          // killed before it began, because the run was interrupted
	prepared  chan struct{} // closed when its prepared message arrives

	mu   sync.Mutex
	said answer // the latest of each message
}

// newWorker checks that the result can be written and read again.
func newWorker(number int, options job.Options) (*worker, error) {
	file, err := resultfile.Prepare(options.Out)
	if err != nil {
		return nil, err
	}
	if file.Stream() {
		return nil, fmt.Errorf("result file %s: is a device or a pipe: must be a regular file, to be read again", options.Out)
	}
	return &worker{number: number, options: options, prepared: make(chan struct{})}, nil
}

// start starts the process. If it cannot be started, only this worker fails.
func (w *worker) start(sendProgress bool) {
	if err := w.launch(setup{Options: w.options, Progress: sendProgress}); err != nil {
		w.failed = fmt.Errorf("cannot be started: %w", err)
	}
}

func (w *worker) launch(s setup) error {
	message, err := line(order{Setup: &s})
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	w.child, err = child.Start(child.Command{Path: program, Args: []string{"wsperf", "worker"}, Line: w.hear})
	if err != nil {
		return err
	}
	// In the background: a long setup fills the pipe until the worker reads. A worker
	// that does not get it is never prepared, which is reported.
	go func() { _ = w.child.Send(message) }()
	return nil
}

// hear takes a line of the worker's output. It drops a line that is not a message. A
// worker that sends no result message is reported at its end.
func (w *worker) hear(text []byte) {
	var a answer
	if json.Unmarshal(text, &a) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.Prepared != nil && w.said.Prepared == nil {
		w.said.Prepared = a.Prepared
		close(w.prepared)
	}
	if a.Progress != nil {
		w.said.Progress = a.Progress
	}
	if a.Result != nil {
		w.said.Result = a.Result
	}
}

// begin lets a prepared worker begin. It has no effect on a worker that has ended.
func (w *worker) begin() {
	if w.child == nil {
		return
	}
	if message, err := line(order{Begin: &struct{}{}}); err == nil {
		_ = w.child.Send(message)
	}
}

// interrupt forwards a Ctrl-C, unless the worker was never started.
func (w *worker) interrupt() {
	if w.child != nil {
		w.child.Signal(unix.SIGINT)
	}
}

// giveUp kills a worker that is neither prepared nor ended after the timeout.
func (w *worker) giveUp(timeout time.Duration) {
	select {
	case <-w.prepared:
	case <-w.ended():
	default:
		w.child.End(0)
		w.failed = fmt.Errorf("was not prepared within %v and was killed", timeout)
	}
}

// abandon kills the worker, unless it has ended by itself or was never started.
func (w *worker) abandon() { w.abandoned = w.child != nil && w.child.End(0) }

// ended returns a channel that is closed when no process is left.
func (w *worker) ended() <-chan struct{} {
	if w.child != nil {
		return w.child.Ended()
	}
	ended := make(chan struct{})
	close(ended)
	return ended
}

func (w *worker) warned() []engine.Warning {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said.Prepared == nil {
		return nil
	}
	return w.said.Prepared.Warnings
}

func (w *worker) latest() engine.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said.Progress == nil {
		return engine.Progress{}
	}
	return engine.Progress(*w.said.Progress)
}

// result returns the worker's result message, or nil if there is none.
func (w *worker) result() *result {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Result
}

// wrote reports whether the worker has written its result file.
func (w *worker) wrote() bool {
	r := w.result()
	return r != nil && r.File != ""
}

// failure returns why the worker, which has ended, failed; empty if it did not.
func (w *worker) failure(interrupted bool) string {
	if w.failed != nil {
		return w.failed.Error()
	}
	err := w.child.Wait()
	switch {
	case err == nil && !w.wrote():
		return "wrote no result file"
	case err == nil || w.abandoned || interrupted && w.endedBySignal():
		return ""
	}
	return err.Error()
}

// endedBySignal reports whether the worker was ended by the driver's SIGINT, or by a
// signal that went to all processes, as at a shutdown. The signal may have come before
// the worker handled it.
func (w *worker) endedBySignal() bool {
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		if w.child.EndedBy(sig, ui.ExitSignalled+int(sig)) {
			return true
		}
	}
	return false
}

// errorLines returns the errors that the worker reported. If it died without a
// report, it returns what it wrote on standard error.
func (w *worker) errorLines() (lines []string) {
	if r := w.result(); r != nil {
		return r.Errors
	}
	if w.child == nil {
		return nil
	}
	for line := range strings.Lines(w.child.LastWords()) {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "wsperf: "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// report makes an error of several lines: why the worker failed, and its own errors.
func (w *worker) report(why string) error {
	own := w.errorLines()
	lines := []error{fmt.Errorf("worker %d: %s", w.number, strings.Join(append([]string{why}, own[:min(1, len(own))]...), ": "))}
	for _, line := range own[min(1, len(own)):] {
		lines = append(lines, fmt.Errorf("worker %d: %s", w.number, line))
	}
	if r := w.result(); r != nil && r.NoSuccess {
		return ui.NoSuccess{Err: lines[0]} // its only error
	}
	return errors.Join(lines...)
}
