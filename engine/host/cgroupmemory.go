package host

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// memoryFiles names the files of a cgroup that limit memory.
type memoryFiles struct {
	limit, usage string
	cache        []string // keys in memory.stat of the page cache, which the kernel reclaims before it kills
}

// memoryFilesOf has the files by the version of cgroups
// (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst, Linux 6.18). In version 1
// the keys with total_ include the cgroups below, as usage does.
var memoryFilesOf = [...]memoryFiles{
	1: {"memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file", "total_active_file"}},
	2: {"memory.max", "memory.current", []string{"inactive_file", "active_file"}},
}

// cgroupMemory returns the least that a memory limit of the process's cgroups leaves, in
// bytes, or Unknown.
func cgroupMemory(root string) int64 {
	least := int64(Unknown)
	all := cgroupsOf(root, "self", "memory")
	for folder := range all.folders() {
		if left := memoryFilesOf[all.version].left(folder); left != Unknown && (least == Unknown || left < least) {
			least = left
		}
	}
	return least
}

// left returns what one cgroup leaves, and Unknown if it has no limit. An unlimited
// version 1 has PAGE_COUNTER_MAX pages for a limit (include/linux/page_counter.h).
func (m *memoryFiles) left(folder string) int64 {
	limit := readNumber(path.Join(folder, m.limit)) // "max" is no number
	usage := readNumber(path.Join(folder, m.usage))
	if limit == Unknown || limit > 1<<62 || usage == Unknown {
		return Unknown
	}
	text, _ := os.ReadFile(path.Join(folder, "memory.stat")) // empty on failure
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if bytes, err := strconv.ParseInt(value, 10, 64); err == nil && slices.Contains(m.cache, key) {
			usage -= bytes
		}
	}
	return max(0, limit-max(0, usage))
}
