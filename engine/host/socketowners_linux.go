package host

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Owners are the processes that have a socket open.
type Owners struct {
	PIDs       []int // ascending, without this process
	Hidden     int   // sockets that none of these has
	Refused    bool  // the descriptors of another process may not be read (proc(5), ptrace access mode)
	Incomplete bool  // not all processes were looked at in time
}

// SocketOwners looks for sockets, by their inodes, among the descriptors of all processes. It
// takes about 3 us for each descriptor on the machine, and ends when the time is over: the
// processes that were started last come first.
func SocketOwners(inodes []uint32, within time.Duration) (o Owners) {
	search := newLinkSearch(inodes)
	deadline := time.Now().Add(within)
	for _, pid := range processes() {
		if time.Now().After(deadline) {
			o.Incomplete = true
			break
		}
		switch has, err := search.in(pid); {
		case err == unix.EACCES || err == unix.EPERM:
			o.Refused = true
		case has:
			o.PIDs = append(o.PIDs, pid)
		}
	}
	for _, found := range search.found {
		if !found {
			o.Hidden++
		}
	}
	slices.Sort(o.PIDs)
	return o
}

// processes lists all processes but this one, the highest numbers first.
func processes() (pids []int) {
	folder, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1) // what could be read
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	slices.Reverse(pids)
	return pids
}

// linkSearch looks for links among the descriptors of processes.
type linkSearch struct {
	found  map[string]bool // by link
	buffer []byte          // of directory entries
	names  []string        // in the buffer
}

// newLinkSearch looks for sockets.
func newLinkSearch(inodes []uint32) *linkSearch {
	s := &linkSearch{found: make(map[string]bool), buffer: make([]byte, 32<<10)}
	for _, inode := range inodes {
		s.found["socket:["+strconv.FormatUint(uint64(inode), 10)+"]"] = false
	}
	return s
}

// in reports whether a process has one of the links, and notes which. The error is that the descriptors may
// not be read, or that the process has ended.
func (s *linkSearch) in(pid int) (has bool, err error) {
	folder, err := unix.Open(procPath(pid, "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(folder)
	for {
		n, err := unix.ReadDirent(folder, s.buffer)
		if err != nil || n <= 0 {
			return has, err
		}
		_, _, s.names = unix.ParseDirent(s.buffer[:n], -1, s.names[:0])
		for _, name := range s.names {
			has = s.matches(folder, name) || has
		}
	}
}

func (s *linkSearch) matches(folder int, name string) bool {
	var target [32]byte // a longer link is none of them
	n, err := unix.Readlinkat(folder, name, target[:])
	if err != nil {
		return false
	}
	_, wanted := s.found[string(target[:n])]
	if wanted {
		s.found[string(target[:n])] = true
	}
	return wanted
}

// procPath returns the path of a file of a process, such as /proc/1/status.
func procPath(pid int, file ...string) string {
	return strings.Join(append([]string{"/proc", strconv.Itoa(pid)}, file...), "/")
}
