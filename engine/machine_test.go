package engine

import (
	"slices"
	"testing"

	"wsperf/engine/host"
	"wsperf/stats"
)

func TestCPUsBetween(t *testing.T) {
	before := []host.Processor{{CPU: 0, UserUs: 1, SystemUs: 2, IRQUs: 3, SoftirqUs: 4, StealUs: 5, IdleUs: 60}, {CPU: 2, UserUs: 7}}
	after := []host.Processor{{CPU: 0, UserUs: 11, SystemUs: 22, IRQUs: 33, SoftirqUs: 44, StealUs: 55, IdleUs: 50}, {CPU: 1, UserUs: 9}}
	want := []stats.CPUResult{{CPU: 0, UserUs: 10, SystemUs: 20, IRQUs: 30, SoftirqUs: 40, StealUs: 50}}
	if got := cpusBetween(before, after); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestQuotaBetween(t *testing.T) {
	own := host.Bandwidth{QuotaUs: 200, PeriodUs: 100, Periods: 10, Throttled: 5, ThrottledUs: 1000}
	above := host.Bandwidth{QuotaUs: 100, PeriodUs: 100, Periods: 20, Throttled: 9, ThrottledUs: 1}
	later := func(b host.Bandwidth, periods, throttled, us int64) host.Bandwidth {
		b.Periods, b.Throttled, b.ThrottledUs = b.Periods+periods, b.Throttled+throttled, b.ThrottledUs+us
		return b
	}
	for _, c := range []struct {
		name          string
		before, after []host.Bandwidth
		want          stats.QuotaResult
	}{
		{"none", nil, nil, stats.QuotaResult{}},
		{"one", []host.Bandwidth{own}, []host.Bandwidth{later(own, 3, 2, 50)}, stats.QuotaResult{QuotaUs: 200, PeriodUs: 100, Periods: 3, Throttled: 2, ThrottledUs: 50}},
		{"the smallest, if none stopped the process", []host.Bandwidth{own, above}, []host.Bandwidth{own, later(above, 4, 0, 0)}, stats.QuotaResult{QuotaUs: 100, PeriodUs: 100, Periods: 4}},
		{"the one that did", []host.Bandwidth{own, above}, []host.Bandwidth{later(own, 4, 1, 5), above}, stats.QuotaResult{QuotaUs: 200, PeriodUs: 100, Periods: 4, Throttled: 1, ThrottledUs: 5}},
		{"read between two counts", []host.Bandwidth{own}, []host.Bandwidth{later(own, 1, 2, 5)}, stats.QuotaResult{QuotaUs: 200, PeriodUs: 100, Periods: 2, Throttled: 2, ThrottledUs: 5}},
		{"one that came", []host.Bandwidth{own}, []host.Bandwidth{own, above}, stats.QuotaResult{}},
	} {
		if got := quotaBetween(c.before, c.after); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestMachineOfARun checks that the loop's CPU worked, and that the facts are there.
func TestMachineOfARun(t *testing.T) {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	cfg := patient(t, startTestee(t), 3000) // some steps of 10 ms, in which the kernel counts
	cfg.CPUs = cpus[:1]
	m := do(t, cfg).Machines[0]
	at := slices.IndexFunc(m.CPUs, func(c stats.CPUResult) bool { return c.CPU == cpus[0] })
	if at < 0 || m.CPUs[at].Loops != 1 || m.CPUs[at].BusyUs() == 0 {
		t.Errorf("CPUs %+v, want a loop on CPU %d", m.CPUs, cpus[0])
	}
	if m.ID == "" || m.Ports.Usable == 0 || m.Ports.Free == 0 || m.Descriptors.Limit == 0 || m.Descriptors.Open == 0 {
		t.Errorf("machine %+v", m)
	}
}
