package host

import (
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OwnThread calls f on a thread that ends with it, and waits: f may change the thread's CPUs,
// its name (NameThread) and its namespaces. It is never the main thread, which cannot end
// before the process, and whose name and namespaces ps and /proc show as the process's (proc(5)).
func OwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread()
			OwnThread(f) // on another thread, because this one is taken
			return
		}
		f()
	}()
	<-done
}

// NameThread names the calling thread for ps, top and perf. The kernel truncates the
// name to 15 bytes (prctl(2), PR_SET_NAME). Errors are ignored: nothing depends on the
// name.
func NameThread(name string) {
	text, err := unix.BytePtrFromString(name)
	if err == nil {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
	}
}

// BatchThread keeps the calling thread from preempting others when it wakes (sched(7),
// SCHED_BATCH). A testee on the same CPUs then finishes what it does, and its client finds
// more answers at a time. Errors are ignored: they cost the testee some of its rate.
func BatchThread() {
	attributes, err := unix.SchedGetAttr(0, 0)
	if err == nil && attributes.Policy == unix.SCHED_NORMAL {
		attributes.Policy = unix.SCHED_BATCH // it keeps the nice value
		_ = unix.SchedSetAttr(0, attributes, 0)
	}
}

// SharpenTimers lets the calling thread's sleeps end within a nanosecond of their time. The
// kernel may otherwise delay them by 50 microseconds, to let several end together
// (PR_SET_TIMERSLACK, prctl(2)). Threads with a real-time policy have no slack anyway.
func SharpenTimers() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) }

// KernelRelease returns the kernel's release such as "6.18.0" (uname(2)), or ""
// if it cannot be read.
func KernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// kernel returns all that uname(2) says but the name of the host.
func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return printable(strings.Join([]string{
		unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]),
		unix.ByteSliceToString(u.Version[:]), unix.ByteSliceToString(u.Machine[:]),
	}, " "))
}
