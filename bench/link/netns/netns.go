// Package netns makes network namespaces (network_namespaces(7)) and their interfaces for
// tests and measurements. It needs CAP_SYS_ADMIN and CAP_NET_ADMIN, which root has.
//
// A thread is in one namespace. Do runs a function in a namespace: the sockets that it
// opens and the processes that it starts are in there, and so are the connections that a
// listener of it accepts later. Goroutines that it starts are not.
package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// Namespace is a network namespace. It lives until it is closed and the last process and
// socket in it have ended.
type Namespace struct{ file *os.File }

// New makes a namespace whose only interface is loopback, which is up. The error of a
// process that may not do so says what it needs.
func New() (*Namespace, error) {
	n := &Namespace{}
	err := onOwnThread(func() (err error) {
		if err := Enter(); err != nil {
			return err
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// IsRefused reports whether an error of making a namespace or a device in it is that this
// process may not do so or that the kernel has no such device: what a test skips for.
func IsRefused(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP)
}

// Enter locks the calling goroutine to its thread and moves the thread into a new
// namespace with only loopback (unshare(2), CLONE_NEWNET). The thread stays locked, so
// the runtime ends it with the goroutine. It may be the main thread: only /proc/thread-self
// shows this namespace for sure.
func Enter() error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a new network namespace needs CAP_SYS_ADMIN (run as root): %w", err)
	}
	return SetFlags("lo", unix.IFF_UP)
}

// Do calls f in the namespace, on a thread that is not used again (setns(2)).
func (n *Namespace) Do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return f()
	})
}

// Path names the namespace for other programs, such as nsenter(1), as long as this process
// has it open.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

// Close gives the namespace up.
func (n *Namespace) Close() error { return n.file.Close() }

func onOwnThread(f func() error) (err error) {
	host.OwnThread(func() { err = f() })
	return err
}
