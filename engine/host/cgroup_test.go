package host

import (
	"os"
	"path/filepath"
	"testing"
)

const (
	mounts1 = "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"33 30 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n" +
		"34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory\n" +
		"40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	mounts2   = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	container = "612 605 0:31 /docker/ab /sys/fs/cgroup/mem\\040ory ro - cgroup cgroup rw,memory\n"
)

func TestFindCgroups(t *testing.T) {
	for _, c := range []struct {
		name, memberships, mounts string
		want                      string
		version                   int
	}{
		{"version 1", "4:memory:/user/ab\n3:cpuset:/\n0::/system\n", mounts1, "/sys/fs/cgroup/memory/user/ab", 1},
		{"version 1, several controllers in one", "4:cpu,memory:/a\n", mounts1, "/sys/fs/cgroup/memory/a", 1},
		{"version 2", "0::/user.slice/a:b.scope\n", mounts2, "/sys/fs/cgroup/user.slice/a:b.scope", 2},
		{"a container's part of version 1", "4:memory:/docker/ab/below\n", container, "/sys/fs/cgroup/mem ory/below", 1},
		{"a container's own cgroup", "4:memory:/docker/ab\n", container, "/sys/fs/cgroup/mem ory", 1},
		{"outside of the mounted part", "4:memory:/docker/abc\n", container, "/sys/fs/cgroup/mem ory", 1},
		{"outside of the namespace", "0::/../other\n", mounts2, "/sys/fs/cgroup", 2},
		{"not mounted", "0::/a\n", "", "", 2},
		{"no cgroups", "", mounts2, "", 0},
		{"damaged", "4:memory\n:\n\n", "34 30 - cgroup\n", "", 0},
	} {
		found := findCgroups("memory", c.memberships, c.mounts)
		got := ""
		if found.mount != "" {
			got = filepath.Join(found.mount, found.own)
		}
		if got != c.want || found.version != c.version {
			t.Errorf("%s: %q of version %d, want %q of version %d", c.name, got, found.version, c.want, c.version)
		}
	}
}

// writeFiles writes files into a new folder and returns its path.
func writeFiles(t *testing.T, texts map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLeftInCgroups(t *testing.T) {
	const memory1, memory2 = "sys/fs/cgroup/memory/", "sys/fs/cgroup/"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"version 1", map[string]string{
			"proc/self/cgroup": "4:memory:/a\n", "proc/self/mountinfo": mounts1,
			memory1 + "a/memory.limit_in_bytes": "1000\n", memory1 + "a/memory.usage_in_bytes": "300\n",
			memory1 + "memory.limit_in_bytes": "9223372036854771712\n", memory1 + "memory.usage_in_bytes": "5000\n"}, 700},
		{"version 1, without a limit", map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": mounts1,
			memory1 + "memory.limit_in_bytes": "9223372036854771712\n", memory1 + "memory.usage_in_bytes": "5000\n"}, Unknown},
		{"page cache is reclaimed", map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": mounts1,
			memory1 + "memory.limit_in_bytes": "1000\n", memory1 + "memory.usage_in_bytes": "900\n",
			memory1 + "memory.stat": "cache 9\ninactive_file 1\ntotal_inactive_file 100\ntotal_active_file 200\n"}, 400},
		{"the parent in version 2 leaves less", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mounts2,
			memory2 + "a/b/memory.max": "1000\n", memory2 + "a/b/memory.current": "300\n",
			memory2 + "a/memory.max": "2000\n", memory2 + "a/memory.current": "1900\n", memory2 + "a/memory.stat": "anon 7\ninactive_file 50\n"}, 150},
		{"version 2 without a limit", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mounts2,
			memory2 + "a/memory.max": "max\n", memory2 + "a/memory.current": "300\n"}, Unknown},
		{"more is used than allowed", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mounts2,
			memory2 + "memory.max": "1000\n", memory2 + "memory.current": "1300\n"}, 0},
		{"nothing can be read", nil, Unknown},
	} {
		if got := cgroupMemory(writeFiles(t, c.files)); got != c.want {
			t.Errorf("%s: %d left, want %d", c.name, got, c.want)
		}
	}
}
