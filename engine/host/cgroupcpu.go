package host

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Cgroup is the folder of a cgroup, of version 2 or of a hierarchy of version 1.
type Cgroup string

// Check returns an error unless the folder is that of a cgroup, without this process: what it
// uses itself would count as the others'.
func (c Cgroup) Check() error {
	info, err := os.Stat(string(c))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("does not exist: must be the directory of a cgroup, such as /sys/fs/cgroup/NAME")
	case err != nil:
		return errors.Unwrap(err)
	case !info.IsDir():
		return errors.New("is not a directory: must be that of a cgroup, such as /sys/fs/cgroup/NAME")
	}
	if _, err := os.Stat(path.Join(string(c), "cgroup.procs")); err != nil {
		return errors.New("is not the directory of a cgroup: it has no file cgroup.procs")
	}
	if slices.Contains(c.PIDs(), os.Getpid()) {
		return errors.New("has wsperf in it: must be a cgroup of the testee alone")
	}
	return nil
}

// PIDs returns the processes of the cgroup and of those below.
func (c Cgroup) PIDs() (pids []int) {
	_ = filepath.WalkDir(string(c), func(file string, entry fs.DirEntry, err error) error { // a cgroup that is gone has none
		if err != nil || entry.Name() != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	slices.Sort(pids)
	return slices.Compact(pids)
}

// cpuTime returns the CPU time of all processes that are or were in the cgroup. ok is false if
// its hierarchy does not count it (Documentation/admin-guide/cgroup-v2.rst, cpu.stat;
// cgroup-v1/cpuacct.rst).
func (c Cgroup) cpuTime() (t cpuTime, ok bool) {
	if total := readNumber(path.Join(string(c), "cpuacct.usage")); total != Unknown {
		user, system := readNumber(path.Join(string(c), "cpuacct.usage_user")), readNumber(path.Join(string(c), "cpuacct.usage_sys"))
		return cpuTime{total, max(0, user), max(0, user) + max(0, system)}, true
	}
	text, err := os.ReadFile(path.Join(string(c), "cpu.stat"))
	if err != nil {
		return t, false
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		us, _ := strconv.ParseInt(value, 10, 64) // 0 on failure
		switch key {
		case "usage_usec":
			t.total, ok = 1000*us, true
		case "user_usec":
			t.user, t.both = 1000*us, t.both+1000*us
		case "system_usec":
			t.both += 1000 * us
		}
	}
	return t, ok
}

// peakBytes returns the most memory that the cgroup has used, Unknown if its hierarchy does not
// count it.
func (c Cgroup) peakBytes() int64 {
	if peak := readNumber(path.Join(string(c), "memory.peak")); peak != Unknown {
		return peak
	}
	return readNumber(path.Join(string(c), "memory.max_usage_in_bytes"))
}
