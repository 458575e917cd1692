package host

import (
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

// cgroups are the cgroups of a process in the hierarchy of one controller, such as memory or
// cpu.
type cgroups struct {
	version int    // 1 or 2; 0: the process is in none
	mount   string // where the hierarchy is mounted; empty: it is not
	own     string // path of the process's cgroup below mount
}

// cgroupsOf finds the cgroups of a controller that a process is in, by the name of its folder
// in /proc, in the file system below root. A controller belongs to one of the two versions at a time
// (Documentation/admin-guide/cgroup-v2.rst, Linux 6.18).
func cgroupsOf(root, process, controller string) cgroups {
	mounts, _ := os.ReadFile(path.Join(root, "proc/self/mountinfo")) // empty on failure
	memberships, _ := os.ReadFile(path.Join(root, "proc", process, "cgroup"))
	c := findCgroups(controller, string(memberships), string(mounts))
	if c.mount != "" {
		c.mount = path.Join(root, c.mount)
	}
	return c
}

// findCgroups parses /proc/self/cgroup (cgroups(7)): a line is a number, controllers, and
// a path from the root of the process's cgroup namespace. Version 2 has no controllers in
// its line.
func findCgroups(controller, memberships, mounts string) (found cgroups) {
	for line := range strings.Lines(memberships) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 {
			continue
		}
		switch {
		case contains(fields[1], controller):
			root, mount := findMount(mounts, "cgroup", controller)
			return cgroups{1, mount, below(root, fields[2])}
		case fields[1] == "":
			root, mount := findMount(mounts, "cgroup2", controller)
			found = cgroups{2, mount, below(root, fields[2])}
		}
	}
	return found
}

// findMount parses mountinfo (proc_pid_mountinfo(5)). It returns which part of the
// hierarchy with a controller is mounted, and where.
func findMount(mounts, fileSystem, controller string) (root, mount string) {
	for line := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if len(where) < 5 || len(what) < 3 || what[0] != fileSystem {
			continue
		}
		if fileSystem == "cgroup2" || contains(what[2], controller) {
			return unescape(where[3]), unescape(where[4])
		}
	}
	return "", ""
}

// unescape replaces what mountinfo escapes in octal (mangle in fs/proc_namespace.c).
func unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}

// contains reports whether a controller is in a list. A mount lists options such as rw too.
func contains(controllers, controller string) bool {
	return slices.Contains(strings.Split(controllers, ","), controller)
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

// folders yields the folder of each cgroup, from the process's own up to the mounted root.
func (c cgroups) folders() iter.Seq[string] {
	return func(yield func(string) bool) {
		if c.mount == "" {
			return
		}
		for own := c.own; yield(path.Join(c.mount, own)) && own != "/"; {
			own = path.Dir(own)
		}
	}
}
