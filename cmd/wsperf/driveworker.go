package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// worker is a run in a child process, from the driver's side. The child ends
// when its standard input does, so it cannot outlive this process however that dies.
type worker struct {
	number   int
	options  runOptions
	earlier  fs.FileInfo // the result file of an earlier run; nil: there is none
	cmd      *exec.Cmd
	hold     io.WriteCloser // the other end of the child's standard input
	prepared *ear           // hears the child's standard output
	said     head           // what it wrote on standard error; read only when it has ended
	ended    chan struct{}
	fate     error // why it ended, or did not start; likewise
}

// newWorker checks that the result can be written.
func newWorker(number int, options runOptions) (*worker, error) {
	file, err := openResult(options.out)
	if err != nil {
		return nil, err
	}
	if file.stream {
		return nil, fmt.Errorf("result file %s: is a device or a pipe: must be a regular file, to be read again", options.out)
	}
	w := &worker{number: number, options: options, prepared: newEar(), ended: make(chan struct{})}
	w.earlier, _ = os.Stat(options.out) // openResult has seen the errors; nil: it does not exist
	return w, nil
}

// start starts the process. That it cannot be started is its fate.
func (w *worker) start() {
	if err := w.launch(); err != nil {
		w.fate = fmt.Errorf("cannot be started: %w", err)
		close(w.ended)
		return
	}
	go func() {
		defer close(w.ended)
		w.fate = w.cmd.Wait()
	}()
}

func (w *worker) launch() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	w.cmd = exec.Command(program)
	w.cmd.Args = w.options.arguments()
	w.cmd.Stdout, w.cmd.Stderr = w.prepared, &w.said
	// The terminal sends Ctrl-C to the whole process group: a worker is to get
	// it from the driver, once.
	w.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if w.hold, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	return w.cmd.Start() // on failure it closes the pipes
}

// begin lets a prepared worker begin. One that has ended meanwhile does not hear it.
func (w *worker) begin() {
	if w.hold != nil {
		_, _ = w.hold.Write([]byte{begin})
	}
}

// interrupt passes a Ctrl-C on. One that has ended, or was never started, needs none.
func (w *worker) interrupt() {
	if w.cmd != nil && w.cmd.Process != nil {
		_ = w.cmd.Process.Signal(unix.SIGINT)
	}
}

// wroteResult tells a result of this run from one of an earlier run in the
// same place. A result appears by rename(2), whole, as a file of its own: while
// the earlier file exists no other has its number (inode(7)).
func (w *worker) wroteResult() bool {
	info, err := os.Stat(w.options.out)
	return err == nil && (w.earlier == nil || !os.SameFile(w.earlier, info))
}

// failure says why the worker ended other than it should; empty: it did not.
func (w *worker) failure(interrupted bool) string {
	var exit *exec.ExitError
	switch {
	case w.fate == nil && !w.wroteResult():
		return "wrote no result file"
	case w.fate == nil || interrupted && errors.As(w.fate, &exit) && obeyed(exit.ProcessState):
		return ""
	}
	return w.fate.Error()
}

// obeyed tells whether a process ended because of an interrupt, if need be
// before it could take the signal.
func obeyed(p *os.ProcessState) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return p.ExitCode() == exitInterrupted || ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// words takes what the worker said apart: warnings, and the rest.
func (w *worker) words() (warnings, rest []string) {
	for line := range strings.Lines(string(w.said.text)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "wsperf: ")
		warning, found := strings.CutPrefix(line, "warning: ")
		switch {
		case found:
			warnings = append(warnings, warning)
		case line != "":
			rest = append(rest, line)
		}
	}
	return warnings, rest
}

// report makes the lines of an error: why the worker failed, and what it said.
func (w *worker) report(why string) error {
	_, said := w.words()
	lines := []error{fmt.Errorf("worker %d: %s", w.number, strings.Join(append([]string{why}, said[:min(1, len(said))]...), ": "))}
	for _, line := range said[min(1, len(said)):] {
		lines = append(lines, fmt.Errorf("worker %d: %s", w.number, line))
	}
	return errors.Join(lines...)
}

// ear is the standard output of a worker: it hears the first line, and drops
// the report after it, as one over all workers is printed instead.
type ear struct {
	heard chan struct{}
	once  sync.Once
}

func newEar() *ear { return &ear{heard: make(chan struct{})} }

func (e *ear) Write(p []byte) (int, error) {
	e.once.Do(func() { close(e.heard) })
	return len(p), nil
}
