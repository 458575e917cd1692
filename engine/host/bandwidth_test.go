package host

import (
	"slices"
	"strings"
	"testing"
)

const cpuMounts1 = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" + mounts1

func TestBandwidths(t *testing.T) {
	const cpu1, cpu2 = "sys/fs/cgroup/cpu,cpuacct/", "sys/fs/cgroup/"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []Bandwidth
	}{
		{"version 1", map[string]string{
			"proc/self/cgroup": "4:memory:/\n2:cpuacct,cpu:/a/b\n0::/\n", "proc/self/mountinfo": cpuMounts1,
			cpu1 + "a/b/cpu.cfs_quota_us": "50000\n", cpu1 + "a/b/cpu.cfs_period_us": "100000\n",
			cpu1 + "a/b/cpu.stat":       "nr_periods 70\nnr_throttled 30\nthrottled_time 1500000999\nnr_bursts 0\nburst_time 0\n",
			cpu1 + "a/cpu.cfs_quota_us": "-1\n", cpu1 + "a/cpu.cfs_period_us": "100000\n"},
			[]Bandwidth{{cpu1 + "a/b", 50000, 100000, 70, 30, 1500000}}},
		{"version 2, of the cgroup above too", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mounts2,
			cpu2 + "a/b/cpu.max":  "150000 100000\n",
			cpu2 + "a/b/cpu.stat": "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 7\nnr_throttled 3\nthrottled_usec 1500\n",
			cpu2 + "a/cpu.max":    "200000 50000\n"},
			[]Bandwidth{{cpu2 + "a/b", 150000, 100000, 7, 3, 1500}, {cpu2 + "a", 200000, 50000, 0, 0, 0}}},
		{"version 2 without a quota", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mounts2, cpu2 + "a/cpu.max": "max 100000\n"}, nil},
		{"no period", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mounts2, cpu2 + "a/cpu.max": "100\n"}, nil},
		{"damaged", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mounts2, cpu2 + "a/cpu.max": "9 9\n", cpu2 + "a/cpu.stat": "nr_periods\nnr_throttled x\n\n7"},
			[]Bandwidth{{cpu2 + "a", 9, 9, 0, 0, 0}}},
		{"nothing can be read", nil, nil},
	} {
		root := writeFiles(t, c.files)
		got := bandwidths(root, "self")
		for i := range got {
			got[i].Folder = strings.TrimPrefix(got[i].Folder, root+"/")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if got := (Bandwidth{QuotaUs: 150000, PeriodUs: 100000}).CPUs(); got != 1.5 {
		t.Errorf("%v CPUs, want 1.5", got)
	}
}

func TestSmallestQuota(t *testing.T) {
	one, half := Bandwidth{Folder: "a/b", QuotaUs: 50000, PeriodUs: 50000}, Bandwidth{Folder: "a", QuotaUs: 50000, PeriodUs: 100000}
	for _, c := range []struct {
		all  []Bandwidth
		want Bandwidth
	}{{[]Bandwidth{one, half}, half}, {[]Bandwidth{half, one}, half}, {[]Bandwidth{one}, one}, {nil, Bandwidth{}}} {
		if got := smallest(c.all); got != c.want {
			t.Errorf("of %+v: %+v", c.all, got)
		}
	}
	if got := (Bandwidth{}).CPUs(); got != 0 {
		t.Errorf("%v CPUs without a limit", got)
	}
}
