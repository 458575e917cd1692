// Package child runs a program as a child process that does not outlive its
// parent, and reports what it says and how it ends.
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
	Args []string // Args[0] is the name that the program is called by
	Env  []string // "NAME=value" each; nil: this process's own
	CPUs []int    // affinity mask; empty: this process's own

	// Line is called with each line of standard output, without its end, on one
	// goroutine and in order. A line is cut to MaxLine bytes. The slice is valid
	// during the call only. While the call lasts, no further output is read. nil:
	// only FirstLine reports what the child says.
	Line func(line []byte)
}

// Child is a started process. Its standard input is a pipe that this process
// holds open. A child that ends at the end of its input therefore ends when this
// process does, however that happens.
//
// Its methods may be called from any goroutine.
type Child struct {
	cmd    *exec.Cmd
	input  *os.File // our end of the pipe to its standard input
	stdout *lines
	stderr lastWords
	ended  chan struct{}
	err    error // why it ended; written before ended is closed
}

const (
	// sendTimeout bounds how long a line that is sent may wait for a child that
	// does not read. A child that runs takes it within milliseconds. The rest is
	// for a machine that is swapping.
	sendTimeout = 20 * time.Second

	// outputDelay bounds how long the output of a child that has ended is read. It
	// is in the pipe by then. Only a grandchild that inherited the pipe can keep it
	// open, and its output does not matter.
	outputDelay = time.Second
)

// Start starts the program in a process group of its own, so that a Ctrl-C at
// the terminal reaches this process only (setpgid(2)). The error says what is
// missing to start it; nothing is left open then.
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

// wait collects the end of the process, which would stay a zombie otherwise.
func (c *Child) wait() {
	err := c.cmd.Wait()
	if !errors.Is(err, exec.ErrWaitDelay) { // the process itself ended well
		c.err = err
	}
	_ = c.input.Close() // nobody reads it any more
	close(c.ended)
}

// PID returns the process ID. It is the child's own only until Ended is closed.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Ended returns a channel that is closed when the process has ended and its
// output was read.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Wait waits for the end of the process. The error says how it ended, such as
// "exit status 1" or "signal: killed". nil: exit code 0.
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

// EndedBy reports whether the process ended by that signal or with that exit
// code. It waits for the end.
func (c *Child) EndedBy(signal syscall.Signal, exitCode int) bool {
	<-c.ended
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && (status.Signaled() && status.Signal() == signal || status.Exited() && status.ExitStatus() == exitCode)
}

// ErrSilent is the error of a child that ended, or closed its standard output,
// without a whole line on it.
var ErrSilent = errors.New("no line on its standard output")

// FirstLine waits for the first line of standard output, at most until ctx is
// done. It can be called again. The errors are ErrSilent and ctx's cause.
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

// Send writes to the child's standard input. It fails if the child has ended,
// or does not read for 20 seconds. Calls must not overlap.
func (c *Child) Send(p []byte) error {
	if err := c.input.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, err := c.input.Write(p)
	return err
}

// Signal sends a signal. It does nothing when the process has ended.
func (c *Child) Signal(s os.Signal) {
	_ = c.cmd.Process.Signal(s) // the process has ended: os.ErrProcessDone
}

// Close closes the child's standard input, which asks it to end. It can be
// called again.
func (c *Child) Close() { _ = c.input.Close() } // nothing is buffered

// End closes the child's standard input, waits for the end of the process, and
// kills it after the timeout. It reports whether that was necessary. A timeout
// of 0 kills at once. It can be called again.
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
