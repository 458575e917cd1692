package report

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// maxMachinesShown bounds the section of a result that is merged from many machines.
const maxMachinesShown = 8

// machine shows what the CPUs did, and what slowed them down if anything did.
func machine(r *stats.Result) (s Section) {
	for i := range r.Machines {
		if i == maxMachinesShown {
			s.Parts = append(s.Parts, Sentence(fmt.Sprintf("and %d more machines", len(r.Machines)-i)))
			break
		}
		m := &r.Machines[i]
		if t := processors(m); len(t.Rows) > 0 {
			s.Parts = append(s.Parts, t)
		}
		if d := slowness(m, r.Duration().Microseconds()); len(d) > 0 {
			s.Parts = append(s.Parts, d)
		}
	}
	if g := r.Provenance.Governor; g != "" && g != "performance" {
		s.Parts = append(s.Parts, Details{{"Frequency", fmt.Sprintf("governor %s: CPUs may be slow (cpupower frequency-set -g performance)", Escaped(g))}})
	}
	if len(s.Parts) > 0 {
		s.Title = "Machine (all programs)"
	}
	return s
}

// processors tells the CPUs that loops are pinned to from the others, which the testee may
// use.
func processors(m *stats.MachineResult) Table {
	t := Table{Columns: []Column{{"cpus of", -7}, {"number", 6}, {"user %", 7}, {"system %", 8}, {"softirq %", 9}, {"idle %", 7}, {"steal %", 7}, {"busiest", -1}}}
	var loops, others []stats.CPUResult
	for _, c := range m.CPUs {
		if c.Loops > 0 {
			loops = append(loops, c)
		} else {
			others = append(others, c)
		}
	}
	rest := "others"
	if len(loops) > 0 {
		t.Rows = append(t.Rows, use("loops", loops))
	} else {
		rest = "all"
	}
	if len(others) > 0 {
		t.Rows = append(t.Rows, use(rest, others))
	}
	return t
}

// use is the row of several CPUs: their mean, and the busiest of them.
func use(of string, cpus []stats.CPUResult) []string {
	var sum stats.CPUResult
	busiest := cpus[0]
	for _, c := range cpus {
		sum.Add(c)
		if c.BusyUs() > busiest.BusyUs() {
			busiest = c
		}
	}
	row := []string{of, fmt.Sprint(len(cpus))}
	for _, us := range []int64{sum.UserUs, sum.SystemUs, sum.SoftirqUs + sum.IRQUs, sum.IdleUs, sum.StealUs} {
		row = append(row, share(us, sum.TotalUs()))
	}
	return append(row, fmt.Sprintf("CPU %d, %s %%", busiest.CPU, share(busiest.BusyUs(), busiest.TotalUs())))
}

// share returns a part of a time in percent.
func share(us, of int64) string { return fmt.Sprintf("%.1f", ratio(100*float64(us), float64(of))) }

// leastShown is the share of the window below which pressure is not worth a line.
const leastShown = 0.01

// slowness lists what keeps CPUs from working.
func slowness(m *stats.MachineResult, windowUs int64) (d Details) {
	if text := pressure(m.Pressure, windowUs); text != "" {
		d = append(d, Detail{"Pressure", text})
	}
	if m.ThermalThrottles > 0 {
		d = append(d, Detail{"Heat", fmt.Sprintf("a CPU was slowed down %d times because it was too hot", m.ThermalThrottles)})
	}
	if q := m.Quota; q.Throttled > 0 {
		d = append(d, Detail{"Quota", fmt.Sprintf("the client was stopped in %d of %d periods (%.1f s) by its quota of %.2f CPUs",
			q.Throttled, q.Periods, float64(q.ThrottledUs)/1e6, q.CPUs())})
	}
	return d
}

// pressure says for what some task waited, and in which part of the window.
func pressure(p stats.PressureResult, windowUs int64) string {
	var parts []string
	for _, of := range []struct {
		name string
		us   int64
	}{{"a CPU", p.CPUUs}, {"memory", p.MemoryUs}, {"a disk", p.IOUs}} {
		if float64(of.us) > leastShown*float64(windowUs) {
			parts = append(parts, fmt.Sprintf("%s %s %%", of.name, share(of.us, windowUs)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "some program waited for " + strings.Join(parts, ", ") + " of the time"
}
