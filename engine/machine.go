package engine

import (
	"cmp"
	"slices"

	"wsperf/engine/host"
	"wsperf/stats"
)

// machineEvidence is the observer of what the machine does, whoever makes it do that.
type machineEvidence struct {
	before, after machineCounts
	seen          stats.MachineResult
	loops         map[int]int64 // by the CPU that they are pinned to
}

// machineCounts are counts since the machine or the cgroup started.
type machineCounts struct {
	cpus      []host.Processor
	pressure  host.Pressure
	throttles int64
	quotas    []host.Bandwidth
}

func readMachine() machineCounts {
	m := machineCounts{cpus: host.Processors(), pressure: host.ReadPressure(), quotas: host.Bandwidths()}
	for _, c := range m.cpus {
		m.throttles += host.ThermalThrottles(c.CPU)
	}
	return m
}

func (r *Run) machineEvidence() *machineEvidence {
	m := &machineEvidence{loops: make(map[int]int64)}
	for _, cpu := range r.pinnedTo() {
		m.loops[cpu]++
	}
	m.seen.ID = host.BootID()
	m.seen.Ports = r.localPorts()
	limit, open := host.Descriptors()
	m.seen.Descriptors = stats.DescriptorsResult{Limit: limit, Open: open}
	return m
}

// localPorts looks at the ports of a source address.
func (r *Run) localPorts() stats.PortsResult {
	ports := host.LocalPorts()
	usable := ports.Count()
	free := freePorts(slices.Collect(ports.All()), r.cfg.Addr.Addr())
	return stats.PortsResult{Usable: int64(usable), Reserved: int64(ports.PortRange.Count() - usable), Free: int64(free)}
}

func (m *machineEvidence) begin()  { m.before = readMachine() }
func (m *machineEvidence) sample() {} // all of it is counted by the kernel
func (m *machineEvidence) end()    { m.after = readMachine() }

func (m *machineEvidence) fill(r *stats.Result) {
	m.seen.CPUs = cpusBetween(m.before.cpus, m.after.cpus)
	for i := range m.seen.CPUs {
		m.seen.CPUs[i].Loops = m.loops[m.seen.CPUs[i].CPU]
	}
	before, after := m.before.pressure, m.after.pressure
	m.seen.Pressure = stats.PressureResult{CPUUs: after.CPUUs - before.CPUUs, MemoryUs: after.MemoryUs - before.MemoryUs, IOUs: after.IOUs - before.IOUs}
	m.seen.ThermalThrottles = max(0, m.after.throttles-m.before.throttles) // fewer if a CPU went offline
	m.seen.Quota = quotaBetween(m.before.quotas, m.after.quotas)
	r.Machines = []stats.MachineResult{m.seen}
}

// cpusBetween returns what CPUs did that were online at both times. Idle time can go back a
// little (proc_stat(5), iowait).
func cpusBetween(before, after []host.Processor) (all []stats.CPUResult) {
	for _, a := range after {
		at, found := slices.BinarySearchFunc(before, a.CPU, func(p host.Processor, cpu int) int { return cmp.Compare(p.CPU, cpu) })
		if !found {
			continue
		}
		b := before[at]
		all = append(all, stats.CPUResult{
			CPU: a.CPU, UserUs: max(0, a.UserUs-b.UserUs), SystemUs: max(0, a.SystemUs-b.SystemUs), IRQUs: max(0, a.IRQUs-b.IRQUs),
			SoftirqUs: max(0, a.SoftirqUs-b.SoftirqUs), StealUs: max(0, a.StealUs-b.StealUs), IdleUs: max(0, a.IdleUs-b.IdleUs),
		})
	}
	return all
}

// quotaBetween returns the quota that stopped the process for longest, or the smallest if
// none did. The lists have the process's cgroup first, and are empty without a quota. If a
// quota came or went meanwhile, they cannot be compared.
func quotaBetween(before, after []host.Bandwidth) (worst stats.QuotaResult) {
	if len(before) != len(after) {
		return worst
	}
	for i, a := range after {
		b := before[i]
		q := stats.QuotaResult{QuotaUs: a.QuotaUs, PeriodUs: a.PeriodUs,
			Periods: max(0, a.Periods-b.Periods), Throttled: max(0, a.Throttled-b.Throttled), ThrottledUs: max(0, a.ThrottledUs-b.ThrottledUs)}
		q.Periods = max(q.Periods, q.Throttled) // the kernel may count between two lines of the file
		if i == 0 || q.ThrottledUs > worst.ThrottledUs || q.ThrottledUs == worst.ThrottledUs && q.CPUs() < worst.CPUs() {
			worst = q
		}
	}
	return worst
}
