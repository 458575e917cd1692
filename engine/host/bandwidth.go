package host

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// Bandwidth is the CPU quota of a cgroup, and how often the kernel has enforced it since the
// cgroup was made (Documentation/scheduler/sched-bwc.rst, Linux 6.18).
type Bandwidth struct {
	Folder            string // of the cgroup
	QuotaUs, PeriodUs int64  // CPU time that the cgroup may use within each period

	Periods     int64 // that have passed while the cgroup had something to run
	Throttled   int64 // those in which it used up its quota and was stopped until the next
	ThrottledUs int64 // how long it was stopped, summed over the CPUs
}

// CPUs returns how many CPUs the cgroup may use at once, on average; 0: there is no limit.
func (b Bandwidth) CPUs() float64 {
	if b.PeriodUs == 0 {
		return 0
	}
	return float64(b.QuotaUs) / float64(b.PeriodUs)
}

// CPUQuota returns the smallest quota that applies to a process, the zero value if none does.
func CPUQuota(pid int) Bandwidth { return smallest(bandwidths("/", strconv.Itoa(pid))) }

// smallest returns the quota of the fewest CPUs.
func smallest(quotas []Bandwidth) (least Bandwidth) {
	for i, b := range quotas {
		if i == 0 || b.CPUs() < least.CPUs() {
			least = b
		}
	}
	return least
}

// Bandwidths returns the CPU quotas that apply to this process: those of its cgroup, and of
// each one above that has a quota. It is empty if nothing limits the process.
func Bandwidths() []Bandwidth { return bandwidths("/", "self") }

func bandwidths(root, process string) (all []Bandwidth) {
	of := cgroupsOf(root, process, "cpu")
	for folder := range of.folders() {
		if b := bandwidthOf[of.version](folder); b.QuotaUs > 0 && b.PeriodUs > 0 {
			stat, _ := os.ReadFile(path.Join(folder, "cpu.stat")) // empty on failure
			b.addStat(string(stat))
			b.Folder = folder
			all = append(all, b)
		}
	}
	return all
}

// bandwidthOf reads the quota of a cgroup, by the version of cgroups. Without a quota the
// values are not positive.
var bandwidthOf = [...]func(folder string) Bandwidth{
	1: func(folder string) Bandwidth {
		return Bandwidth{QuotaUs: readNumber(path.Join(folder, "cpu.cfs_quota_us")), PeriodUs: readNumber(path.Join(folder, "cpu.cfs_period_us"))}
	},
	2: func(folder string) Bandwidth {
		text, _ := os.ReadFile(path.Join(folder, "cpu.max")) // the root cgroup has none
		return parseCPUMax(string(text))
	},
}

// parseCPUMax parses "50000 100000" or "max 100000".
func parseCPUMax(text string) (b Bandwidth) {
	quota, period, _ := strings.Cut(strings.TrimSpace(text), " ")
	b.QuotaUs, _ = strconv.ParseInt(quota, 10, 64) // 0 for "max"
	b.PeriodUs, _ = strconv.ParseInt(period, 10, 64)
	return b
}

// addStat parses cpu.stat, a key and a number in each line. The throttled time has another
// key and unit in version 1 (cpu_cfs_stat_show in kernel/sched/core.c).
func (b *Bandwidth) addStat(text string) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch key {
		case "nr_periods":
			b.Periods = n
		case "nr_throttled":
			b.Throttled = n
		case "throttled_usec":
			b.ThrottledUs = n
		case "throttled_time":
			b.ThrottledUs = n / 1000
		}
	}
}
