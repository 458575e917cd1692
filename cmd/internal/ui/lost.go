package ui

import (
	"os"

	"golang.org/x/sys/unix"
)

// OutIsLost reports whether standard output seems to have been closed when the process was
// started. Before any code of a program runs, the Go runtime opens /dev/null on the standard
// descriptors that are closed (checkfds in runtime/fds_unix.go, Go 1.26), for reading and
// writing. A shell opens it for writing only. Some libraries that start processes open it
// for both, to discard the output: nothing tells theirs from the runtime's, so this is no
// reason to fail where the exit code alone can be of use.
func (u *UI) OutIsLost() bool {
	f, ok := u.stdout.(*os.File)
	if !ok {
		return false
	}
	var out, null unix.Stat_t
	if unix.Fstat(int(f.Fd()), &out) != nil || unix.Stat(os.DevNull, &null) != nil || out.Mode&unix.S_IFMT != unix.S_IFCHR || out.Rdev != null.Rdev {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
