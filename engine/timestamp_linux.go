package engine

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// setTimestamps has the kernel stamp what it receives for a socket (socket(7),
// SO_TIMESTAMPNS).
func setTimestamps(fd int32) unix.Errno {
	on := int32(1)
	return setsockopt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, unsafe.Pointer(&on), unsafe.Sizeof(on))
}

// stampedReader reads with recvmsg(2), which returns the stamp beside the data. It reads into
// its own fields, so that it does not allocate.
type stampedReader struct {
	message unix.Msghdr
	vector  unix.Iovec
	control struct {
		header unix.Cmsghdr
		stamp  unix.Timespec
		_      [32]byte // of others, which are not asked for
	}
}

// receive reads like receiveSocket. stampNs is when the last byte of what it has read came,
// in nanoseconds since the Unix epoch, or 0 if that is not known.
func (r *stampedReader) receive(fd int32, b []byte) (n int, stampNs int64, errno unix.Errno) {
	r.vector.Base = unsafe.SliceData(b)
	r.vector.SetLen(len(b))
	r.message.Iov, r.message.Iovlen = &r.vector, 1
	r.message.Control = (*byte)(unsafe.Pointer(&r.control))
	r.message.SetControllen(int(unsafe.Sizeof(r.control)))
	got, _, errno := syscall.RawSyscall6(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.message)), 0, 0, 0, 0)
	if errno != 0 {
		return 0, 0, errno
	}
	h := &r.control.header
	if r.message.Controllen >= uint64(unsafe.Sizeof(*h)+unsafe.Sizeof(r.control.stamp)) && h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS {
		stampNs = r.control.stamp.Nano()
	}
	return int(got), stampNs, 0
}

// stampSwitch is a socket that keeps the kernel stamping packets while it is open: switching
// that on and off with each connection would patch the kernel's code each time.
type stampSwitch struct{ fd int }

// noStamps is a switch that is off.
var noStamps = stampSwitch{-1}

// newStampSwitch returns a switch that is on, unless no connection is to be timed. If it
// cannot be on, there are no stamps, or the first ones are missing.
func newStampSwitch(t stats.Timestamps) stampSwitch {
	if t == stats.TimestampsNone {
		return noStamps
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return noStamps
	}
	_ = setTimestamps(int32(fd))
	return stampSwitch{fd}
}

func (s stampSwitch) close() {
	if s != noStamps {
		unix.Close(s.fd)
	}
}
