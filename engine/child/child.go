// Package child runs a program as a child process that does not outlive its parent. It
// passes on the lines of its standard output, the beginning of its standard error and
// its exit status.
package child

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// Command is a program to start.
type Command struct {
	Path string
	Args []string // Args[0] is the name of the program
	Env  []string // "NAME=value" each; nil: this process's own
	CPUs []int    // affinity mask; empty: this process's own

	// Line is called with each line of standard output, without its end, on one
	// goroutine and in order. A line is truncated to MaxLine bytes. The slice is valid
	// during the call only. Until the call returns, no further output is read. nil:
	// lines after the first are dropped.
	Line func(line []byte)
}

// Child is a started process. Its standard input is a pipe that this process holds
// open. A child that exits at the end of its input therefore exits when this process
// does, even if that is killed.
//
// Its methods may be called from any goroutine.
type Child struct {
	cmd    *exec.Cmd
	input  *os.File // our end of the pipe to its standard input
	stdout *lines
	stderr lastWords
	ended  chan struct{}
	err    error // exit status; written before ended is closed
}

const (
	// sendTimeout is how long Send waits for a child that does not read. A child
	// usually reads within milliseconds; the rest is for a machine that is swapping.
	sendTimeout = 20 * time.Second

	// outputDelay is how long the output of a child that has ended is read. All of it
	// is in the pipe by then. Only a grandchild that inherited the pipe can keep it
	// open, and its output does not matter.
	outputDelay = time.Second
)

// Start starts the program in a process group of its own, so that a Ctrl-C at the
// terminal reaches this process only (setpgid(2)). If it fails, nothing is left open.
func Start(c Command) (*Child, error) {
	child := &Child{cmd: exec.Command(c.Path), stdout: newLines(c.Line), ended: make(chan struct{})}
	child.cmd.Args, child.cmd.Env = c.Args, c.Env
	child.cmd.Stdout, child.cmd.Stderr = child.stdout, &child.stderr
	child.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	child.cmd.WaitDelay = outputDelay
	if err := child.start(c.CPUs); err != nil {
		return nil, err
	}
	go child.wait()
	return child, nil
}

func (c *Child) start(cpus []int) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	c.cmd.Stdin, c.input = read, write
	if len(cpus) > 0 {
		// A child inherits the mask of the thread that starts it (sched_setaffinity(2), NOTES).
		err = host.WithAffinity(cpus, c.cmd.Start)
	} else {
		err = c.cmd.Start()
	}
	_ = read.Close() // the child has its own copy
	if err != nil {
		_ = write.Close() // nothing was written
	}
	return err
}

// wait reaps the process, which would stay a zombie otherwise.
func (c *Child) wait() {
	err := c.cmd.Wait()
	if !errors.Is(err, exec.ErrWaitDelay) { // exit code 0, but the output was still open
		c.err = err
	}
	_ = c.input.Close()
	close(c.ended)
}

// PID returns the process ID. After Ended is closed, another process may have it.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Ended returns a channel that is closed when the process has ended and its output has
// been read.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Wait waits for the end of the process. The error is its exit status, such as "exit
// status 1" or "signal: killed"; nil: exit code 0.
func (c *Child) Wait() error {
	<-c.ended
	return c.err
}

// LastWords waits for the end of the process and returns the first 4 KiB of its
// standard error.
func (c *Child) LastWords() string {
	<-c.ended
	return string(c.stderr.text)
}

// EndedBy waits for the end of the process, and reports whether that signal terminated
// it or it exited with that code.
func (c *Child) EndedBy(signal syscall.Signal, exitCode int) bool {
	<-c.ended
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && (status.Signaled() && status.Signal() == signal || status.Exited() && status.ExitStatus() == exitCode)
}

// ErrSilent is the error of a child that ended, or closed its standard output, before it
// wrote a complete line.
var ErrSilent = errors.New("no line on its standard output")

// FirstLine waits for the first line of standard output until ctx is done. It can be
// called again. The errors are ErrSilent and the cause of ctx.
func (c *Child) FirstLine(ctx context.Context) (string, error) {
	select {
	case <-c.stdout.heard:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if c.stdout.first == nil {
		return "", ErrSilent
	}
	return *c.stdout.first, nil
}

// Send writes to the child's standard input. It fails if the child has ended, or if the
// pipe has not taken all of p within 20 seconds. Calls must not overlap.
func (c *Child) Send(p []byte) error {
	if err := c.input.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, err := c.input.Write(p)
	return err
}

// Signal sends a signal. It does nothing if the process has ended.
func (c *Child) Signal(s os.Signal) {
	_ = c.cmd.Process.Signal(s) // os.ErrProcessDone: it has ended
}

// Close closes the child's standard input, which asks it to end. It can be called again.
func (c *Child) Close() { _ = c.input.Close() } // nothing is buffered

// End closes the child's standard input and waits for the end of the process. It kills
// the process after the timeout, 0 being at once, and reports whether it did. It can be
// called again.
func (c *Child) End(timeout time.Duration) (killed bool) {
	c.Close()
	if c.endsWithin(timeout) {
		return false
	}
	c.Signal(unix.SIGKILL)
	<-c.ended
	return true
}

func (c *Child) endsWithin(timeout time.Duration) bool {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-c.ended:
		return true
	case <-timer.C:
	}
	select { // both may have been ready
	case <-c.ended:
		return true
	default:
		return false
	}
}
