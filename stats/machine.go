package stats

import (
	"cmp"
	"fmt"
	"slices"
)

// MaxCPUs bounds the CPUs of all machines of a result: 1024 machines of 128 CPUs, 15 MB of a result
// file. It is more than Linux can have on one (NR_CPUS, 8192).
const MaxCPUs = 1 << 17

// MachineResult is what one machine did in the measured window, for every program on it. Two of
// the same machine are merged as KernelResult says, CPUs by their number.
type MachineResult struct {
	ID               string            `json:"id"`   // its boot_id (random(4)), as in KernelResult
	CPUs             []CPUResult       `json:"cpus"` // by ascending number
	Pressure         PressureResult    `json:"pressure"`
	ThermalThrottles int64             `json:"thermal_throttles"`  // times that a core or package was too hot, summed over the CPUs
	Quota            QuotaResult       `json:"cpu_quota,omitzero"` // of the client's cgroup; missing without a quota
	Ports            PortsResult       `json:"ports"`              // of the client
	Descriptors      DescriptorsResult `json:"descriptors"`        // of the client
}

// CPUResult is how a CPU spent the measured window, in microseconds. The kernel counts in
// steps of 10 ms.
type CPUResult struct {
	CPU       int   `json:"cpu" merge:"common"`
	Loops     int64 `json:"loops" merge:"max"` // that are pinned to it
	UserUs    int64 `json:"user_us"`
	SystemUs  int64 `json:"system_us"`
	IRQUs     int64 `json:"irq_us"`
	SoftirqUs int64 `json:"softirq_us"` // among them the arrival of packets, on loopback too
	StealUs   int64 `json:"steal_us"`   // the hypervisor ran another virtual machine
	IdleUs    int64 `json:"idle_us"`    // waiting for a disk included
}

// Add adds the times of another CPU.
func (c *CPUResult) Add(o CPUResult) {
	c.UserUs, c.SystemUs, c.IRQUs = c.UserUs+o.UserUs, c.SystemUs+o.SystemUs, c.IRQUs+o.IRQUs
	c.SoftirqUs, c.StealUs, c.IdleUs = c.SoftirqUs+o.SoftirqUs, c.StealUs+o.StealUs, c.IdleUs+o.IdleUs
}

// BusyUs returns the time in which the CPU did something.
func (c CPUResult) BusyUs() int64 { return c.UserUs + c.SystemUs + c.IRQUs + c.SoftirqUs }

// TotalUs returns all of the CPU's time.
func (c CPUResult) TotalUs() int64 { return c.BusyUs() + c.StealUs + c.IdleUs }

// PressureResult is how long some task waited for a resource, in microseconds (PSI,
// Documentation/accounting/psi.rst). It is 0 if the kernel does not count it.
type PressureResult struct {
	CPUUs    int64 `json:"cpu_us"`
	MemoryUs int64 `json:"memory_us"`
	IOUs     int64 `json:"io_us"`
}

// QuotaResult is the CPU quota that stopped the client for longest, or the smallest if none
// did, and how often it did.
type QuotaResult struct {
	QuotaUs     int64 `json:"quota_us" merge:"common"`  // CPU time that the cgroup may use within each period
	PeriodUs    int64 `json:"period_us" merge:"common"` // length of a period
	Periods     int64 `json:"periods"`                  // in which the cgroup had something to run
	Throttled   int64 `json:"throttled"`                // those in which it used up its quota
	ThrottledUs int64 `json:"throttled_us"`             // how long it was stopped, summed over the CPUs
}

// CPUs returns how many CPUs the quota is worth, 0 if it is not known.
func (q QuotaResult) CPUs() float64 {
	if q.PeriodUs == 0 {
		return 0
	}
	return float64(q.QuotaUs) / float64(q.PeriodUs)
}

// PortsResult is about the local ports of a source address (ip(7)), right before the run.
type PortsResult struct {
	Usable   int64 `json:"usable"`   // of ip_local_port_range, without the reserved ones
	Reserved int64 `json:"reserved"` // of the range, by ip_local_reserved_ports
	Free     int64 `json:"free"`     // usable ones that no other socket is bound to, an estimate
}

// DescriptorsResult is about the descriptors of the client, right before the run.
type DescriptorsResult struct {
	Limit int64 `json:"limit"` // RLIMIT_NOFILE (getrlimit(2))
	Open  int64 `json:"open" merge:"max"`
}

// addMachines adds the evidence of another result by one of the rules sum and max.
func (s *Sum) addMachines(other *Result, rule string) {
	for i := range other.Machines {
		m := &other.Machines[i]
		if at, found := s.machineAt[m.ID]; found {
			known := &s.res.Machines[at]
			s.cpus -= len(known.CPUs)
			known.add(m, rule)
			s.cpus += len(known.CPUs)
			continue
		}
		s.machineAt[m.ID] = len(s.res.Machines)
		s.res.Machines = append(s.res.Machines, *m)
		s.cpus += len(m.CPUs)
	}
}

func (m *MachineResult) add(other *MachineResult, rule string) {
	m.CPUs = addCPUs(m.CPUs, other.CPUs, rule)
	merge(&m.Pressure, &other.Pressure, rule)
	merge(&m.ThermalThrottles, &other.ThermalThrottles, rule)
	merge(&m.Quota, &other.Quota, rule)
	merge(&m.Ports, &other.Ports, mergeMin)
	merge(&m.Descriptors, &other.Descriptors, mergeMin)
}

// addCPUs merges the CPUs of the same number, in a new list.
func addCPUs(a, b []CPUResult, rule string) []CPUResult {
	all := slices.Clone(a)
	for i := range b {
		at, found := slices.BinarySearchFunc(all, b[i].CPU, func(c CPUResult, cpu int) int { return cmp.Compare(c.CPU, cpu) })
		if !found {
			all = slices.Insert(all, at, b[i])
			continue
		}
		merge(&all[at], &b[i], rule)
	}
	return all
}

// cpus returns the number of CPUs of all machines.
func (r *Result) cpus() (n int) {
	for i := range r.Machines {
		n += len(r.Machines[i].CPUs)
	}
	return n
}

func (r *Result) checkMachines() error {
	if n := len(r.Machines); n > MaxPlaces {
		return fmt.Errorf("%d machines, at most %d are allowed", n, MaxPlaces)
	}
	if n := r.cpus(); n > MaxCPUs {
		return fmt.Errorf("%d CPUs of machines, at most %d are allowed", n, MaxCPUs)
	}
	seen := make(map[string]bool)
	for i := range r.Machines {
		m := &r.Machines[i]
		if !printableASCII(m.ID, maxIDBytes) || seen[m.ID] {
			return fmt.Errorf("machine %d: id must be its own, and printable ASCII of at most %d characters", i, maxIDBytes)
		}
		seen[m.ID] = true
		if err := m.check(); err != nil {
			return fmt.Errorf("machine %d: %w", i, err)
		}
	}
	return nil
}

func (m *MachineResult) check() error {
	if q := m.Quota; q.Throttled > q.Periods {
		return fmt.Errorf("throttled periods (%d) are more than periods (%d)", q.Throttled, q.Periods)
	}
	if p := m.Ports; p.Free > p.Usable {
		return fmt.Errorf("free ports (%d) are more than usable ones (%d)", p.Free, p.Usable)
	}
	for i := 1; i < len(m.CPUs); i++ {
		if m.CPUs[i-1].CPU >= m.CPUs[i].CPU {
			return fmt.Errorf("CPU %d after CPU %d: must be ascending", m.CPUs[i].CPU, m.CPUs[i-1].CPU)
		}
	}
	return nil
}
