package stats

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// seenOn completes a result with what a kernel and a machine did in its window.
func seenOn(t *testing.T, place string, started, seconds int64, n int64) *Result {
	r := fill(mustMerge(t, recordRun(1, 100, CauseOpenEOF)), Setup{CPUs: []int{0}}, started, seconds, ClientCost{})
	k := KernelResult{Machine: place, Namespace: 7, SYNLinearTimeouts: 4,
		AcceptQueue: AcceptQueueResult{Longest: n, Last: 1, Backlog: 8}, Conntrack: ConntrackResult{Most: n, Max: 100}, Sockets: SocketsResult{TimeWait: n}}
	k.Counters[ListenDrops] = n
	m := MachineResult{ID: place, CPUs: []CPUResult{{CPU: 1, Loops: 1, UserUs: n, IdleUs: n}}, Pressure: PressureResult{CPUUs: n}, ThermalThrottles: n,
		Quota: QuotaResult{QuotaUs: 5, PeriodUs: 10, Periods: n, Throttled: n, ThrottledUs: n},
		Ports: PortsResult{Usable: 50, Free: n}, Descriptors: DescriptorsResult{Limit: 100, Open: n}}
	r.Kernel, r.Machines = []KernelResult{k}, []MachineResult{m}
	return r
}

func TestEvidenceIsMerged(t *testing.T) {
	for _, c := range []struct {
		name         string
		with         *Result
		drops, most  int64 // of the first kernel
		cpuUs, least int64
		places       int
	}{
		{"the same place afterwards", seenOn(t, "a", 200, 10, 5), 8, 5, 8, 3, 1},
		{"the same place at the same time", seenOn(t, "a", 105, 10, 5), 5, 5, 5, 3, 1},
		{"another place at the same time", seenOn(t, "b", 105, 10, 5), 3, 3, 3, 3, 2},
		{"without evidence", fill(mustMerge(t, recordRun(1, 100, CauseOpenEOF)), Setup{CPUs: []int{0}}, 100, 1, ClientCost{}), 0, 0, 0, 0, 0},
		{"without a connection", fill(mustMerge(t), Setup{CPUs: []int{0}}, 100, 1, ClientCost{}), 3, 3, 3, 3, 1},
	} {
		first := seenOn(t, "a", 100, 10, 3)
		r, err := MergeResults(first, c.with)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(r.Kernel) != c.places || len(r.Machines) != c.places {
			t.Fatalf("%s: %d kernels, %d machines, want %d", c.name, len(r.Kernel), len(r.Machines), c.places)
		}
		if !reflect.DeepEqual(first, seenOn(t, "a", 100, 10, 3)) {
			t.Errorf("%s: MergeResults modified its argument", c.name)
		}
		if c.places == 0 {
			continue
		}
		k, m := r.Kernel[0], r.Machines[0]
		if k.Counters[ListenDrops] != c.drops || k.AcceptQueue.Longest != c.most || k.Conntrack != (ConntrackResult{c.most, 100}) || k.Sockets.TimeWait != c.most || k.SYNLinearTimeouts != 4 || k.Namespace != 7 {
			t.Errorf("%s: kernel %+v", c.name, k)
		}
		if want := (CPUResult{CPU: 1, Loops: 1, UserUs: c.cpuUs, IdleUs: c.cpuUs}); m.CPUs[0] != want || len(m.CPUs) != 1 {
			t.Errorf("%s: CPUs %+v, want %+v", c.name, m.CPUs, want)
		}
		if want := (QuotaResult{5, 10, c.cpuUs, c.cpuUs, c.cpuUs}); m.Quota != want || m.ThermalThrottles != c.cpuUs || m.Pressure.CPUUs != c.cpuUs {
			t.Errorf("%s: machine %+v", c.name, m)
		}
		if m.Ports != (PortsResult{Usable: 50, Free: c.least}) || m.Descriptors != (DescriptorsResult{100, c.most}) {
			t.Errorf("%s: ports %+v, descriptors %+v", c.name, m.Ports, m.Descriptors)
		}
	}
}

func TestTooMuchEvidenceIsDropped(t *testing.T) {
	a, b := seenOn(t, "a", 100, 10, 3), seenOn(t, "b", 100, 10, 3)
	for i := range MaxCPUs {
		a.Machines[0].CPUs = append(a.Machines[0].CPUs, CPUResult{CPU: i + 2})
	}
	a.Machines[0].CPUs = a.Machines[0].CPUs[1:]
	r, err := MergeResults(a, b)
	if err != nil || len(r.Machines) != 0 || len(r.Kernel) != 2 || !slices.Equal(r.Omitted, []Omitted{OmittedMachines}) {
		t.Errorf("%d machines, %d kernels, omitted %v, %v; want no machine and 2 kernels", len(r.Machines), len(r.Kernel), r.Omitted, err)
	}
}

// TestTooManyPartsAreOmitted merges a little more than a result file may have.
func TestTooManyPartsAreOmitted(t *testing.T) {
	for what, fill := range map[Omitted]func(r *Result, i int){
		OmittedKernel:   func(r *Result, i int) { r.Kernel = append(r.Kernel, KernelResult{Namespace: uint64(i)}) },
		OmittedMachines: func(r *Result, i int) { r.Machines = append(r.Machines, MachineResult{ID: strconv.Itoa(i)}) },
		OmittedLoops:    func(r *Result, _ int) { r.Loops = append(r.Loops, make([]LoopResult, MaxLoops/MaxParts)...) },
		OmittedParts: func(r *Result, i int) {
			r.Parts = append(r.Parts, Part{Number: i % MaxParts, Of: MaxParts, Begun: true})
		},
	} {
		for _, more := range []int{0, 1} {
			a, b := newResult(), newResult()
			for i := range MaxParts - 1 {
				fill(a, i)
			}
			for i := range 1 + more {
				fill(b, MaxParts-1+i)
			}
			r, err := MergeResults(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if omitted := slices.Equal(r.Omitted, []Omitted{what}); omitted != (more > 0) || len(r.Omitted) > more {
				t.Errorf("%s, %d too many: omitted %v", what, more, r.Omitted)
			}
			if err := r.Check(); err != nil {
				t.Errorf("%s, %d too many: %v", what, more, err)
			}
		}
	}
}

func TestCPUsAreMergedByNumber(t *testing.T) {
	a := []CPUResult{{CPU: 1, UserUs: 1}, {CPU: 5, UserUs: 5}}
	got := addCPUs(a, []CPUResult{{CPU: 0, UserUs: 2}, {CPU: 5, UserUs: 7}, {CPU: 9, UserUs: 9}}, mergeSum)
	want := []CPUResult{{CPU: 0, UserUs: 2}, {CPU: 1, UserUs: 1}, {CPU: 5, UserUs: 12}, {CPU: 9, UserUs: 9}}
	if !reflect.DeepEqual(got, want) || a[1].UserUs != 5 {
		t.Errorf("%+v, want %+v; the argument is %+v", got, want, a)
	}
}

func TestKernelCountsInJSON(t *testing.T) {
	var k KernelCounts
	k[ListenDrops], k[TW] = 3, 4
	text, err := json.Marshal(k)
	if want := `{"ListenDrops":3,"TW":4}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	var back KernelCounts
	if err := json.Unmarshal([]byte(`{"ListenDrops":3,"TW":4,"OfALaterVersion":5}`), &back); err != nil || back != k {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"ListenDrops":"3"}`), &back); err == nil {
		t.Error("a text is taken for a count")
	}
}

// TestKernelCounters checks the rows: names are the kernel's, and unique; a line of the
// report has room for the meaning.
func TestKernelCounters(t *testing.T) {
	seen := make(map[string]bool)
	for c := range KernelCounter(NumKernelCounters) {
		if group := c.Group(); group != "Tcp" && group != "TcpExt" {
			t.Errorf("%s: group %q", c.Name(), group)
		}
		if n := len(c.Meaning()); n == 0 || n > 64 || c.Name() == "" || len(c.Name()) > 20 || seen[c.Name()] {
			t.Errorf("counter %d %q: name must be unique and of 20 characters at most, the meaning is %d long", c, c.Name(), n)
		}
		seen[c.Name()] = true
	}
}

func TestCheckEvidence(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Result)
		want  string
	}{
		{"unchanged", func(*Result) {}, ""},
		{"a kernel twice", func(r *Result) { r.Kernel = append(r.Kernel, r.Kernel[0]) }, "kernel 1: machine and network namespace must be its own"},
		{"a namespace of another machine", func(r *Result) { r.Kernel = append(r.Kernel, KernelResult{Machine: "b", Namespace: 7}) }, ""},
		{"an escape", func(r *Result) { r.Kernel[0].Machine = "\x1b" }, "kernel 0"},
		{"too many kernels", func(r *Result) { r.Kernel = make([]KernelResult, MaxPlaces+1) }, "16385 kernels"},
		{"a machine twice", func(r *Result) { r.Machines = append(r.Machines, r.Machines[0]) }, "machine 1: id must be its own"},
		{"a long id", func(r *Result) { r.Machines[0].ID = strings.Repeat("x", 65) }, "machine 0"},
		{"too many machines", func(r *Result) { r.Machines = make([]MachineResult, MaxPlaces+1) }, "16385 machines"},
		{"too many throttled", func(r *Result) { r.Machines[0].Quota.Throttled++ }, "throttled periods (4) are more than periods (3)"},
		{"too many free", func(r *Result) { r.Machines[0].Ports.Free = 51 }, "free ports (51) are more than usable ones (50)"},
		{"a CPU twice", func(r *Result) { r.Machines[0].CPUs = []CPUResult{{CPU: 3}, {CPU: 3}} }, "CPU 3 after CPU 3"},
		{"too many CPUs", func(r *Result) { r.Machines[0].CPUs = make([]CPUResult, MaxCPUs+1) }, "131073 CPUs"},
	} {
		r := seenOn(t, "a", 100, 10, 3)
		c.spoil(r)
		err := r.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestFull(t *testing.T) {
	for _, c := range []struct {
		queue AcceptQueueResult
		want  bool
	}{
		{AcceptQueueResult{}, false},
		{AcceptQueueResult{Longest: 8, Backlog: 8}, false},
		{AcceptQueueResult{Longest: 9, Backlog: 8}, true},
		{AcceptQueueResult{Longest: 1}, true}, // listen(2) with a backlog of 0
	} {
		if got := c.queue.Full(); got != c.want {
			t.Errorf("%+v: %v", c.queue, got)
		}
	}
	for _, c := range []struct {
		table ConntrackResult
		want  bool
	}{{ConntrackResult{}, false}, {ConntrackResult{95, 100}, false}, {ConntrackResult{96, 100}, true}} {
		if got := c.table.NearlyFull(); got != c.want {
			t.Errorf("%+v: %v", c.table, got)
		}
	}
}
