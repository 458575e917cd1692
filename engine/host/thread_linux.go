package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// NameThread names the calling thread for ps, top and perf. The kernel truncates the
// name to 15 bytes (prctl(2), PR_SET_NAME). Errors are ignored: nothing depends on the
// name.
func NameThread(name string) {
	text, err := unix.BytePtrFromString(name)
	if err == nil {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
	}
}

// KernelRelease returns the kernel's release such as "6.18.0" (uname(2)), or ""
// if it cannot be read.
func KernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
