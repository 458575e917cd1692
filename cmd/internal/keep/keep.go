// Package keep runs a command of the user's for as long as its parent wants it, and lets nothing
// of it outlive that: Do is what the process in between does. A command can be a shell script
// that starts servers and ends, and its servers can be daemons.
package keep

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Prefix begins the line with which the process in between says how a command ended, if it was not
// ended and did not exit with 0.
const Prefix = "wsperf: the command "

// Grace is how long what was started has to end after SIGTERM, before it is killed.
const Grace = 3 * time.Second

// Do runs the shell command until in ends, and then ends all that it has started. If all of that
// ends by itself before, Do returns too. The error says how the command ended, nil if it was
// ended or exited with 0. The end of its output goes to out when it has ended.
//
// It makes the process a subreaper, so that a daemon becomes its child (PR_SET_CHILD_SUBREAPER,
// prctl(2), Linux 3.4).
func Do(command string, in io.Reader, out io.Writer) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become a subreaper: %w", err)
	}
	output, err := newTail()
	if err != nil {
		return err
	}
	shell := exec.Command("/bin/sh", "-c", command)
	shell.Stdout, shell.Stderr = output.write, output.write
	// If this process is killed too, at least the command is. The kernel asks for the thread that has
	// started it (PR_SET_PDEATHSIG, prctl(2)).
	runtime.LockOSThread()
	shell.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	err = shell.Start()
	output.started()
	if err != nil {
		return err
	}
	unwanted := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in) // an error is an end as well
		close(unwanted)
	}()
	ended := reap(shell.Process.Pid)
	select {
	case err = <-ended:
	case <-unwanted:
		end(ended)
		err = nil
	}
	_, lost := out.Write(output.text())
	return errors.Join(err, lost)
}

// reap waits for the command and for all that it leaves behind. The channel gets how the command
// ended when nothing is left.
func reap(command int) <-chan error {
	ended := make(chan error, 1)
	go func() {
		var how error
		for {
			var status unix.WaitStatus
			pid, err := unix.Wait4(-1, &status, 0, nil)
			switch {
			case err == unix.EINTR:
			case err != nil: // ECHILD: none is left
				ended <- how
				return
			case pid == command:
				how = statusError(status)
			}
		}
	}()
	return ended
}

func statusError(s unix.WaitStatus) error {
	switch {
	case s.Signaled():
		return fmt.Errorf("the command was ended by a signal: %v", s.Signal())
	case s.ExitStatus() != 0:
		return fmt.Errorf("the command exited with code %d", s.ExitStatus())
	}
	return nil
}

// end ends all that the command has started: first with SIGTERM, and what is left after Grace
// with SIGKILL.
func end(ended <-chan error) {
	signalAll(unix.SIGTERM)
	grace := time.NewTimer(Grace)
	defer grace.Stop()
	select {
	case <-ended:
		return
	case <-grace.C:
	}
	// What is killed can have started something meanwhile, which then is a child of this process.
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		signalAll(unix.SIGKILL)
		select {
		case <-ended:
			return
		case <-again.C:
		}
	}
}

func signalAll(s unix.Signal) {
	for _, pid := range descendants(os.Getpid()) {
		_ = unix.Kill(pid, s) // ESRCH: it has ended
	}
}
