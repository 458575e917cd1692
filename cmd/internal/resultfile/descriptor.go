package resultfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// descriptors is the folder of this process's file descriptors, where /dev/stdout, /dev/fd/3
// and the >(command) of a shell lead. A descriptor is used as it is: open(2) would write a
// file from its start instead of behind what is there, and fails for a socket.
func descriptors() string { return fmt.Sprintf("/proc/%d/fd", os.Getpid()) }

var errDescriptor = errors.New("is not a descriptor that is open for writing")

// examineDescriptor checks that the process was given the descriptor, and can write to it.
// The descriptors that it has opened itself are closed by execve(2): package os and the
// runtime set FD_CLOEXEC.
func examineDescriptor(path string) (*File, error) {
	fd, err := number(path)
	if err != nil {
		return nil, err
	}
	own, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
	if err != nil || own&unix.FD_CLOEXEC != 0 {
		return nil, errDescriptor
	}
	if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, errDescriptor
	}
	return &File{path: path, stream: true}, nil
}

// openDescriptor returns a duplicate, which can be closed.
func openDescriptor(path string) (*os.File, error) {
	fd, err := number(path)
	if err != nil {
		return nil, err
	}
	dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dup), path), nil
}

func number(path string) (uintptr, error) {
	fd, err := strconv.ParseUint(filepath.Base(path), 10, 31)
	if err != nil {
		return 0, errDescriptor
	}
	return uintptr(fd), nil
}
