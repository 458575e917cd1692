package host

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// cgroups are the cgroups that limit the memory of a process.
type cgroups struct {
	version cgroupVersion
	mount   string // where the hierarchy is mounted
	own     string // path of the process's cgroup below mount
}

// cgroupVersion names the files of a cgroup.
type cgroupVersion struct {
	limit, usage string
	file         []string // keys in memory.stat of the page cache, which the kernel reclaims before it kills
}

// The memory controller belongs to one of the two at a time
// (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst, Linux 6.18). In version 1
// the keys with total_ include the cgroups below, as usage does.
var (
	version1 = cgroupVersion{"memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file", "total_active_file"}}
	version2 = cgroupVersion{"memory.max", "memory.current", []string{"inactive_file", "active_file"}}
)

// cgroupsOf finds the cgroups of the process in the file system below root. The mount is
// empty if there is none.
func cgroupsOf(root string) cgroups {
	mounts, _ := os.ReadFile(path.Join(root, "proc/self/mountinfo")) // empty on failure
	memberships, _ := os.ReadFile(path.Join(root, "proc/self/cgroup"))
	c := findCgroups(string(memberships), string(mounts))
	if c.mount != "" {
		c.mount = path.Join(root, c.mount)
	}
	return c
}

// findCgroups parses /proc/self/cgroup (cgroups(7)): a line is a number, controllers, and
// a path from the root of the process's cgroup namespace. Version 2 has no controllers in
// its line.
func findCgroups(memberships, mounts string) (found cgroups) {
	for line := range strings.Lines(memberships) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 {
			continue
		}
		switch {
		case hasMemory(fields[1]):
			root, mount := findMount(mounts, "cgroup")
			return cgroups{version1, mount, below(root, fields[2])}
		case fields[1] == "":
			root, mount := findMount(mounts, "cgroup2")
			found = cgroups{version2, mount, below(root, fields[2])}
		}
	}
	return found
}

// findMount parses mountinfo (proc_pid_mountinfo(5)). It returns which part of the
// hierarchy with the memory controller is mounted, and where.
func findMount(mounts, fileSystem string) (root, mount string) {
	for line := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if len(where) < 5 || len(what) < 3 || what[0] != fileSystem {
			continue
		}
		if fileSystem == "cgroup2" || hasMemory(what[2]) {
			return unescape(where[3]), unescape(where[4])
		}
	}
	return "", ""
}

// unescape replaces what mountinfo escapes in octal (mangle in fs/proc_namespace.c).
func unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}

// hasMemory reports whether the memory controller is in a list.
func hasMemory(controllers string) bool {
	return slices.Contains(strings.Split(controllers, ","), "memory")
}

// below returns the path of a cgroup below the mounted part of the hierarchy: in a container
// that part is often the container's own cgroup. It stands in for a cgroup outside of it,
// which cannot be read.
func below(root, own string) string {
	rest, inside := strings.CutPrefix(own, strings.TrimSuffix(root, "/"))
	if !inside || !strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "/..") {
		return "/"
	}
	return rest
}

// left returns the least that a cgroup leaves, from the process's own up to the mounted
// root.
func (c cgroups) left() int64 {
	if c.mount == "" {
		return Unknown
	}
	least := int64(Unknown)
	for own := c.own; ; own = path.Dir(own) {
		if left := c.version.left(path.Join(c.mount, own)); left != Unknown && (least == Unknown || left < least) {
			least = left
		}
		if own == "/" {
			return least
		}
	}
}

// left returns what one cgroup leaves, and Unknown if it has no limit. An unlimited
// version 1 has PAGE_COUNTER_MAX pages for a limit (include/linux/page_counter.h).
func (v cgroupVersion) left(folder string) int64 {
	limit := readNumber(path.Join(folder, v.limit)) // "max" is no number
	usage := readNumber(path.Join(folder, v.usage))
	if limit == Unknown || limit > 1<<62 || usage == Unknown {
		return Unknown
	}
	text, _ := os.ReadFile(path.Join(folder, "memory.stat")) // empty on failure
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, file := range v.file {
			if bytes, err := strconv.ParseInt(value, 10, 64); err == nil && key == file {
				usage -= bytes
			}
		}
	}
	return max(0, limit-max(0, usage))
}
