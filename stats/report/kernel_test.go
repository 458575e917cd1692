package report

import (
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// counting returns a result with a kernel that counted.
func counting(counts map[stats.KernelCounter]int64) *stats.Result {
	r := example.Plain()
	var k stats.KernelResult
	for c, n := range counts {
		k.Counters[c] = n
	}
	r.Kernel = []stats.KernelResult{k}
	return r
}

func TestKernelSection(t *testing.T) {
	queue := func(longest, backlog int64) *stats.Result {
		r := counting(nil)
		r.Kernel[0].AcceptQueue = stats.AcceptQueueResult{Longest: longest, Backlog: backlog}
		return r
	}
	for _, c := range []struct {
		name string
		r    *stats.Result
		want string // in the report; empty: it has no such section
	}{
		{"an older file", example.Plain(), ""},
		{"nothing", counting(nil), ""},
		{"only the usual", counting(map[stats.KernelCounter]int64{stats.TW: 5, stats.RetransSegs: 7}), ""},
		{"the usual beside it", counting(map[stats.KernelCounter]int64{stats.TW: 5, stats.ListenDrops: 7}), " TW                   connections that"},
		{"a queue that is not full", queue(8, 8), ""},
		{"a queue that is full", queue(9, 8), "Queue     9 connections waited for accept(2), with a listen backlog of 8: the queue was full"},
	} {
		got := text(t, c.r)
		if strings.Contains(got, "\nKernel (") != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

func TestLostSYNInTheReport(t *testing.T) {
	for _, c := range []struct {
		lost stats.LostSYN
		want string
	}{
		{stats.LostSYN{Lost: 1, After: time.Second, Connections: 1}, "1 connection lost a SYN: connect took 1 s"},
		{stats.LostSYN{Lost: 1, After: time.Second, Connections: 37}, "37 connections lost a SYN: connect took 1 s"},
		{stats.LostSYN{Lost: 2, After: 3 * time.Second, Connections: 4}, "4 connections lost 2 SYNs: connect took 3 s"},
	} {
		if got := lostSYN(c.lost); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestEvidenceFitsTheWidth checks the sections with every line that they can have.
func TestEvidenceFitsTheWidth(t *testing.T) {
	r := example.Full()
	r.Kernel[0].Counters[stats.TCPSynRetrans] = 1e6
	for _, us := range []int64{1, 2, 3, 4, 5} {
		_ = r.Phases[stats.PhaseConnect].Success.RecordValues(us*1_005_000, 99_999)
	}
	var out strings.Builder
	if err := writeText(&out, []Section{kernel(r), machine(r)}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "Lost SYN") {
		t.Errorf("no line of lost SYNs in\n%s", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if n := len(line) - 1; n > 100 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}

func TestMachineSection(t *testing.T) {
	r := example.Plain()
	if got := text(t, r); strings.Contains(got, "\nMachine (") {
		t.Errorf("an older file has a machine:\n%s", got)
	}
	r.Machines = []stats.MachineResult{{CPUs: []stats.CPUResult{{CPU: 3, UserUs: 3, IdleUs: 1}, {CPU: 4, SystemUs: 4}},
		Quota: stats.QuotaResult{QuotaUs: 1, PeriodUs: 1, Periods: 5}, Pressure: stats.PressureResult{IOUs: 100_000}}}
	var out strings.Builder
	if err := writeText(&out, []Section{machine(r)}); err != nil {
		t.Fatal(err)
	}
	const want = "Machine (all programs)\n\n" +
		"  cpus of number  user % system % softirq %  idle % steal % busiest\n" +
		"  all          2    37.5     50.0       0.0    12.5     0.0 CPU 4, 100.0 %\n"
	if out.String() != want {
		t.Errorf("%s\nwant:\n%s", out.String(), want)
	}
	r.Machines = make([]stats.MachineResult, maxMachinesShown+2)
	if got := text(t, r); !strings.Contains(got, "\nand 2 more machines\n") {
		t.Errorf("machines are not cut:\n%s", got)
	}
}

func TestGovernorIsEscaped(t *testing.T) {
	r := example.Full()
	r.Provenance.Governor = "\x1b]0;evil\x9b"
	if got := text(t, r); strings.ContainsRune(got, 0x1b) || !strings.Contains(got, `governor \x1b]0;evil`) {
		t.Errorf("governor in\n%s", got)
	}
}
