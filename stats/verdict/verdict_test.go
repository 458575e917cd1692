package verdict

import (
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// quiet is a closed loop with 100 in flight in which nobody is busy.
func quiet() evidence {
	return evidence{
		seconds: 2, total: 8000, successes: 8000, rate: 4000, low: 50, high: 100, inFlight: 80, finished: 1,
		connectUs: 10_000, openUs: 10_500, readyUs: 20_500,
		loopsKnown: true, busiest: loop{busy: 0.1, used: 0.1}, lag: lagOf{8, 40, true},
		testee: testeeUse{known: true, busiest: 0.12, used: 0.12, mayUse: 1, idle: 0.8},
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*evidence)
		want   stats.Bottleneck
		says   string
	}{
		{"nobody is busy", func(*evidence) {}, stats.BottleneckWatermark, "; --high 840 would lift it"},
		{"fewer in flight than the low watermark", func(e *evidence) { e.inFlight = 30 }, stats.BottleneckUnclear, "fewer were in flight"},
		{"a busy loop", func(e *evidence) { e.busiest.busy = 0.96 }, stats.BottleneckClient, "busy for 96 %"},
		{"a loop that is busy with TLS", func(e *evidence) { e.busiest.busy, e.tls = 0.96, tlsUse{true, 250, 300} }, stats.BottleneckClient, "busy for 96 % of the time, most of it with TLS, and"},
		{"a loop that is busy with packets, with TLS", func(e *evidence) { e.busiest.busy, e.tls = 0.96, tlsUse{true, 40, 90} }, stats.BottleneckClient, "busy for 96 % of the time, and"},
		{"a loop that is busy with headers", func(e *evidence) { e.busiest.busy, e.tls = 0.96, tlsUse{false, 60, 90} }, stats.BottleneckClient, "busy for 96 % of the time, and"},
		{"a busy loop and a busy testee", func(e *evidence) { e.busiest.busy, e.testee.busiest = 0.96, 0.97 }, stats.BottleneckClient, "busy for 96 %"},
		{"a loop without a CPU", func(e *evidence) { e.busiest.busy, e.runWait = 0.9, 0.5 }, stats.BottleneckClient, "waited for a CPU for 50 %"},
		{"a loop without a CPU and a testee used up", func(e *evidence) { e.runWait, e.testee.busiest = 0.5, 0.99 }, stats.BottleneckTestee, "can do no more"},
		{"the same beside an unknown testee", func(e *evidence) { e.runWait, e.testee = 0.5, testeeUse{} }, stats.BottleneckClient, "waited for a CPU"},
		{"both without a CPU", func(e *evidence) { e.busiest.busy, e.runWait, e.testee.runWait, e.testee.beside = 0.99, 0.5, 0.5, true }, stats.BottleneckShared, "the same CPUs"},
		{"both without a CPU, each on its own", func(e *evidence) { e.busiest.busy, e.runWait, e.testee.runWait = 0.8, 0.5, 0.5 }, stats.BottleneckClient, "waited for a CPU"},
		{"a short wait of both", func(e *evidence) { e.runWait, e.testee.runWait = 0.1, 0.5 }, stats.BottleneckWatermark, ""},
		{"a client that waits beside a testee that does not", func(e *evidence) { e.runWait, e.testee.runWait, e.testee.beside = 0.2, 0.05, true }, stats.BottleneckWatermark, ""},
		{"a thread of the testee", func(e *evidence) { e.testee = testeeUse{known: true, busiest: 0.98, used: 0.98, mayUse: 2} }, stats.BottleneckTestee, "its busiest thread used 98 %"},
		{"all CPUs of the testee", func(e *evidence) { e.testee = testeeUse{known: true, busiest: 0.3, used: 1.9, mayUse: 2} }, stats.BottleneckTestee, "190 % of a CPU, of 2 that it may use"},
		{"the quota of the testee", func(e *evidence) {
			e.testee = testeeUse{known: true, busiest: 0.1, used: 0.2, mayUse: 0.2, quota: true}
		}, stats.BottleneckTestee, "of a quota of 20 %"},
		{"a testee whose CPUs others use up", func(e *evidence) { e.testee = testeeUse{known: true, used: 0.6, runWait: 0.4, mayUse: 1, idle: 0.02} }, stats.BottleneckTestee, "used 60 % of a CPU, and other programs all"},
		{"the same with CPUs that are wsperf's too", func(e *evidence) {
			e.testee = testeeUse{known: true, used: 0.6, runWait: 0.4, mayUse: 1, idle: 0.02, beside: true}
		}, stats.BottleneckWatermark, ""},
		{"a testee that does not wait, beside others", func(e *evidence) { e.testee = testeeUse{known: true, used: 0.1, runWait: 0.05, mayUse: 1} }, stats.BottleneckWatermark, ""},
		{"a testee that waits at times", func(e *evidence) { e.testee = testeeUse{known: true, used: 0.6, runWait: 0.4, mayUse: 1, idle: 0.1} }, stats.BottleneckWatermark, ""},
		{"a testee with busy threads of a client that lags", func(e *evidence) { e.busiest.busy, e.lag.q99, e.testee.busiest = 0.8, 9000, 0.99 }, stats.BottleneckTestee, ""},
		{"responses that wait", func(e *evidence) { e.busiest.busy, e.lag.q99 = 0.6, 1100 }, stats.BottleneckClient, "waited for wsperf for 1100 us"},
		{"responses that wait for less than a tenth", func(e *evidence) { e.busiest.busy, e.lag.q99 = 0.6, 1000 }, stats.BottleneckWatermark, ""},
		{"a burst of responses", func(e *evidence) { e.busiest.busy, e.lag.q99 = 0.3, 1100 }, stats.BottleneckWatermark, ""},
		{"the client's quota", func(e *evidence) { e.busiest.busy, e.throttledPeriods, e.quotaCPUs = 0.99, 0.8, 0.2 }, stats.BottleneckQuota, "0.20 CPUs, stopped it in 80 %"},
		{"a quota that is used up at times", func(e *evidence) { e.throttledPeriods = 0.05 }, stats.BottleneckWatermark, ""},
		{"a full accept queue", func(e *evidence) { e.drop = drops{overflows: 0.4, lost: 0.3, inFlight: 0.9, backlog: 8} }, stats.BottleneckKernel, "backlog of 8"},
		{"a single lost SYN at a low rate", func(e *evidence) { e.drop = drops{lost: 0.0005, inFlight: 1} }, stats.BottleneckWatermark, ""},
		{"lost SYNs", func(e *evidence) { e.drop = drops{lost: 0.02} }, stats.BottleneckKernel, "SYNs were lost"},
		{"a few lost SYNs beside a busy loop", func(e *evidence) { e.drop, e.busiest.busy = drops{lost: 0.02, inFlight: 0.1}, 0.99 }, stats.BottleneckClient, ""},
		{"lost SYNs that fill the time in flight beside a busy loop", func(e *evidence) { e.drop, e.busiest.busy = drops{lost: 0.005, inFlight: 0.4}, 0.99 }, stats.BottleneckKernel, ""},
		{"a full conntrack table", func(e *evidence) { e.drop.conntrackFull = true }, stats.BottleneckKernel, "nf_conntrack_max"},
		{"drops that leave next to no success", func(e *evidence) { e.successes, e.drop = 3, drops{lost: 0.9, inFlight: 1} }, stats.BottleneckKernel, ""},
		{"softirqs", func(e *evidence) { e.softirq, e.softirqCPU = 0.8, 3 }, stats.BottleneckKernel, "CPU 3 spent 80 %"},
		{"no ports", func(e *evidence) { e.inFlight, e.shortages = 20, 5 }, stats.BottleneckKernel, "--source"},
		{"no slots, for want of ports", func(e *evidence) { e.inFlight, e.slotWaits, e.slotsBy = 20, 5, stats.LimitPorts }, stats.BottleneckKernel, "--source"},
		{"no slots, for want of descriptors", func(e *evidence) { e.inFlight, e.slotWaits, e.slotsBy, e.slots = 20, 5, stats.LimitDescriptors, 99 }, stats.BottleneckClient, "only 99 connections can be open at once, by the descriptor limit"},
		{"no slots at times, at the watermark", func(e *evidence) { e.slotWaits, e.slotsBy = 5, stats.LimitDescriptors }, stats.BottleneckWatermark, ""},
		{"a testee here that sleeps", func(e *evidence) { e.openUs = 30_000 }, stats.BottleneckWatermark, ""},
		{"a testee elsewhere", func(e *evidence) { e.testee = testeeUse{unknown: stats.TesteeElsewhere}; e.openUs = 30_000 }, stats.BottleneckRemote, "not seen from here"},
		{"a testee of which nothing is known", func(e *evidence) { e.testee = testeeUse{unknown: stats.TesteeNotWanted}; e.openUs = 30_000 }, stats.BottleneckRemote, "of which nothing is known"},
		{"a long way to a testee elsewhere", func(e *evidence) { e.testee = testeeUse{unknown: stats.TesteeElsewhere} }, stats.BottleneckWatermark, "--high 1000 would"},
		{"few in flight to a testee elsewhere", func(e *evidence) { e.testee, e.inFlight, e.openUs = testeeUse{}, 10, 30_000 }, stats.BottleneckUnclear, "give --pid"},
		{"few successes", func(e *evidence) { e.successes = 49 }, stats.BottleneckUnclear, "49 successes are too few"},
		{"a short run", func(e *evidence) { e.seconds = 0.05 }, stats.BottleneckUnclear, "0.050 s are too short"},
		{"loops of an older version", func(e *evidence) { e.loopsKnown = false }, stats.BottleneckUnclear, "what the loops did is not known"},
		{"many failures", func(e *evidence) { e.inFlight, e.failures = 10, 800 }, stats.BottleneckUnclear, "10 % of the connections failed"},
	} {
		e := quiet()
		c.change(&e)
		check(t, c.name, e.verdict(), c.want, c.says)
	}
}

func TestVerdictOfOpenLoops(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*evidence)
		want   stats.Bottleneck
		says   string
	}{
		{"kept", func(*evidence) {}, stats.BottleneckRate, "the rate of 4000 a second was kept"},
		{"kept with a lag of some microseconds", func(e *evidence) { e.openUs, e.lag.q99 = 50, 30 }, stats.BottleneckRate, ""},
		{"kept beside others that take what the testee leaves", func(e *evidence) { e.testee = testeeUse{known: true, used: 0.22, runWait: 0.19, mayUse: 1, idle: 0} }, stats.BottleneckRate, "the rate of 4000 a second was kept"},
		{"a backlog grew behind a testee whose CPUs others use up", func(e *evidence) {
			e.finished, e.testee = 0.8, testeeUse{known: true, used: 0.6, runWait: 0.4, mayUse: 1, idle: 0}
		}, stats.BottleneckTestee, "used 60 % of a CPU, and other programs all"},
		{"kept, failures", func(e *evidence) { e.failures = 200 }, stats.BottleneckUnclear, "2 % of the connections failed"},
		{"kept, the testee cannot follow", func(e *evidence) { e.finished, e.testee.busiest = 0.5, 0.99 }, stats.BottleneckTestee, ""},
		{"kept, the testee is busy", func(e *evidence) { e.testee.busiest = 0.99 }, stats.BottleneckTestee, ""},
		{"kept, a testee elsewhere cannot follow", func(e *evidence) { e.finished, e.testee, e.openUs = 0.5, testeeUse{}, 1e6 }, stats.BottleneckRemote, ""},
		{"kept, a testee here that sleeps cannot follow", func(e *evidence) { e.finished = 0.5 }, stats.BottleneckUnclear, "not that of the answers"},
		{"kept, a busy loop", func(e *evidence) { e.busiest.busy = 0.97 }, stats.BottleneckClient, ""},
		{"not kept", func(e *evidence) { e.kept, e.lateUs = false, 2500 }, stats.BottleneckClient, "starts were late by 2500 us at q99"},
		{"not kept by a busy loop", func(e *evidence) { e.kept, e.busiest.busy = false, 0.99 }, stats.BottleneckClient, "busy for 99 %"},
		{"not kept for want of slots", func(e *evidence) { e.kept, e.slotWaits, e.slots = false, 5, 100 }, stats.BottleneckClient, "only 100 connections can be open at once, by memory"},
		{"not kept for want of ports", func(e *evidence) { e.kept, e.slotWaits, e.slotsBy = false, 5, stats.LimitPorts }, stats.BottleneckKernel, ""},
		{"kept, 2 % of the SYNs lost", func(e *evidence) { e.drop.lost = 0.02 }, stats.BottleneckKernel, ""},
	} {
		e := quiet()
		e.open, e.kept, e.low, e.high = true, true, 0, 0
		c.change(&e)
		check(t, c.name, e.verdict(), c.want, c.says)
	}
}

func check(t *testing.T, name string, v stats.Verdict, want stats.Bottleneck, says string) {
	t.Helper()
	if v.Kind != want || !strings.Contains(v.Reason, says) || v.Reason == "" {
		t.Errorf("%s: %+v, want %s, %q", name, v, want, says)
	}
	r := example.Plain()
	r.Verdict = v
	if err := r.Check(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestEvidence compares what is found in a result.
func TestEvidence(t *testing.T) {
	r := example.Full()
	seconds := r.Duration().Seconds()
	if err := r.Phases[stats.PhaseTotal].Failure.RecordValues(5_000_000, 6); err != nil {
		t.Fatal(err)
	}
	us := int64(seconds * 1e6)
	r.Loaded = stats.LoadedResult{}
	r.Loops = []stats.LoopResult{
		{BusyUs: us / 4, CPUUs: us / 5, RunWaitUs: us / 10, Waits: 1}, {BusyUs: us / 2, CPUUs: us / 3, Waits: 1}, {BusyUs: us},
	}
	r.TesteeCost = stats.TesteeCost{Processes: 1, UserUs: us / 4, SystemUs: us / 4, BusiestShare: 0.4, RunWaitUs: us, CPUs: 2, QuotaCPUs: 1.5, AllowedCPUs: "0"}
	r.Kernel = []stats.KernelResult{{AcceptQueue: stats.AcceptQueueResult{Longest: 9, Backlog: 8}}}
	r.Kernel[0].Counters[stats.ListenOverflows] = int64(r.Total)
	r.Machines = []stats.MachineResult{{
		CPUs:  []stats.CPUResult{{CPU: 0, SoftirqUs: 80, IdleUs: 20}, {CPU: 1, SoftirqUs: 50, IRQUs: 10, UserUs: 40}, {CPU: 2, IdleUs: 100}},
		Quota: stats.QuotaResult{QuotaUs: 5, PeriodUs: 10, Periods: 8, Throttled: 2},
	}}
	if err := r.Phases[stats.PhaseOpen].Success.RecordValues(300_000, int64(r.Total)); err != nil { // as after a dropped ACK
		t.Fatal(err)
	}
	e := evidenceOf(r)
	if !near(e.busiest.busy, 0.5) || e.busiest.number != 1 || !near(e.runWait, 0.1) || !e.loopsKnown {
		t.Errorf("loops: %+v, wait %v", e.busiest, e.runWait)
	}
	if want := (testeeUse{true, "", 0.4, 0.5, 1, 1.5, true, true, 0.2}); e.testee.idle != 0.2 || !e.testee.beside || !near(e.testee.used, 0.5) || e.testee.mayUse != 1.5 || !e.testee.quota || !near(e.testee.busiest, 0.4) || !near(e.testee.runWait, 1) {
		t.Errorf("testee: %+v, want about %+v", e.testee, want)
	}
	var flown float64
	for _, p := range []stats.Phase{stats.PhaseConnect, stats.PhaseOpen} {
		flown += float64(r.Phases[p].Success.TotalCount()) * r.Phases[p].Success.Mean()
	}
	flown += float64(r.Phases[stats.PhaseTotal].Failure.TotalCount()) * r.Phases[stats.PhaseTotal].Failure.Mean()
	if e.drop.overflows != 1 || e.drop.backlog != 8 || !near(e.drop.inFlight, 0.2*float64(r.Total)*1e6/flown) {
		t.Errorf("drops: %+v", e.drop)
	}
	if e.softirq != 0.6 || e.softirqCPU != 1 || e.throttledPeriods != 0.25 || e.quotaCPUs != 0.5 {
		t.Errorf("softirq %v of CPU %d, throttled %v of %v CPUs", e.softirq, e.softirqCPU, e.throttledPeriods, e.quotaCPUs)
	}
	if !near(e.inFlight, flown/1e6/seconds) {
		t.Errorf("%v in flight, want %v", e.inFlight, flown/1e6/seconds)
	}
}

// TestEvidenceOfTLS: a connection is in flight in phase secure too, in which it can wait for what the
// kernel dropped. What TLS costs is said of the loop.
func TestEvidenceOfTLS(t *testing.T) {
	r := example.Secure()
	before := evidenceOf(r)
	for _, p := range []stats.Phase{stats.PhaseSecure, stats.PhaseSecureResumed} {
		if err := r.Phases[p].Success.RecordValues(300_000, 100); err != nil {
			t.Fatal(err)
		}
	}
	r.Kernel = []stats.KernelResult{{}}
	r.Kernel[0].Counters[stats.ListenOverflows] = 150
	r.Client.UserUs, r.Client.SystemUs = int64(250*r.Total), int64(50*r.Total)
	e := evidenceOf(r)
	if got := (e.inFlight - before.inFlight) * e.seconds; !near(got, 200*0.3) {
		t.Errorf("200 handshakes of 0.3 s: %v s in flight", got)
	}
	if want := 150 / float64(r.Total); e.drop.overflows != want {
		t.Errorf("overflows %v, want %v", e.drop.overflows, want)
	}
	if got := loopLine(e); !strings.HasSuffix(got, "; with TLS, a connection cost it 300 us of CPU, 250 us of them in user space (ws://: some 2 us)") || len(got) > stats.MaxVerdictBytes {
		t.Errorf("%q", got)
	}
	if got := loopLine(evidenceOf(example.Plain())); strings.Contains(got, "TLS") {
		t.Errorf("without TLS: %q", got)
	}
}

// TestLostSYNs: connections that took as long as a SYN that is sent again, and what they waited.
func TestLostSYNs(t *testing.T) {
	r := example.Plain()
	for range 20 {
		for _, h := range []*hdrhistogram.Histogram{r.Phases[stats.PhaseConnect].Success, r.Phases[stats.PhaseOpen].Success} {
			if err := h.RecordValue(1_010_000); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.Total = 200
	r.Kernel = []stats.KernelResult{{}}
	r.Kernel[0].Counters[stats.TCPSynRetrans] = 20
	e := evidenceOf(r)
	if waited := e.drop.inFlight * e.inFlight * e.seconds; e.drop.lost != 0.1 || !near(waited, 20) {
		t.Errorf("lost %v, waited %v s", e.drop.lost, waited)
	}
}

// TestQuotaAboveCPUs: a quota of more CPUs than the testee may use limits nothing.
func TestQuotaAboveCPUs(t *testing.T) {
	for quota, want := range map[float64]testeeUse{2: {mayUse: 1}, 0.5: {mayUse: 0.5, quota: true}, 0: {mayUse: 1}} {
		r := example.Plain()
		r.TesteeCost = stats.TesteeCost{Processes: 1, CPUs: 1, QuotaCPUs: quota}
		if got := evidenceOf(r).testee; got.mayUse != want.mayUse || got.quota != want.quota {
			t.Errorf("quota %v: %+v", quota, got)
		}
	}
}

// TestQueuesOfOthers: full queues that no connection of the run has waited for are others'.
func TestQueuesOfOthers(t *testing.T) {
	for waited, want := range map[int64]float64{0: 0, 3: 3, 500: 100} {
		r := example.Plain()
		for p := range r.Phases {
			r.Phases[p].Success, r.Phases[p].Failure = stats.NewHistogram(), stats.NewHistogram()
		}
		if err := r.Phases[stats.PhaseOpen].Success.RecordValues(300_000, waited); err != nil {
			t.Fatal(err)
		}
		r.Kernel = []stats.KernelResult{{}}
		r.Kernel[0].Counters[stats.ListenOverflows] = 100
		if got := evidenceOf(r).drop.overflows * float64(r.Total); got != want {
			t.Errorf("%d waited: %v overflows, want %v", waited, got, want)
		}
	}
}

func TestMayUse(t *testing.T) {
	for _, c := range []struct {
		list string
		cpu  int
		want bool
	}{
		{"", 5, true}, {"5", 5, true}, {"0-3,6", 3, true}, {"0-3,6", 6, true}, {"0-3,6", 4, false}, {"0-3,6-", 6, false}, {"x", 0, false}, {"10", 1, false},
	} {
		if got := mayUse(c.list, c.cpu); got != c.want {
			t.Errorf("%q, CPU %d: %t", c.list, c.cpu, got)
		}
	}
}

// TestBeside: a loop that is not pinned may be on any CPU of the testee.
func TestBeside(t *testing.T) {
	for cpu, want := range map[int]bool{-1: true, 0: false, 1: true} {
		r := example.Plain()
		r.TesteeCost = stats.TesteeCost{Processes: 1, AllowedCPUs: "1"}
		r.Loops = []stats.LoopResult{{CPU: cpu}}
		if got := evidenceOf(r).testee; got.beside != want || got.idle != 1 {
			t.Errorf("loop on CPU %d: %+v", cpu, got)
		}
	}
}

func near(got, want float64) bool { return got > 0.999*want && got < 1.001*want }

// TestDrainIsLeftOut: a connection that times out makes a long drain, in which nobody is busy.
func TestDrainIsLeftOut(t *testing.T) {
	for late, want := range map[uint64]float64{0: 1, 5: 1, 11: 10} { // successes after the last start
		r := example.Plain()
		r.Started = time.Unix(1000, 0)
		r.Ended = r.Started.Add(10 * time.Second)
		r.Loaded = stats.LoadedResult{FirstNs: r.Started.UnixNano(), LastNs: r.Started.Add(time.Second).UnixNano(), Success: r.Success - late*r.Success/100}
		if got := loadedSeconds(r); got != want {
			t.Errorf("%d %% of the successes later: %v s, want %v", late, got, want)
		}
	}
}

// TestBusiestThread: its share is of the window, and all others are of the loaded time.
func TestBusiestThread(t *testing.T) {
	r := example.Plain()
	r.Started = time.Unix(1000, 0)
	r.Ended = r.Started.Add(10 * time.Second)
	r.Loaded = stats.LoadedResult{FirstNs: r.Started.UnixNano(), LastNs: r.Started.Add(time.Second).UnixNano(), Success: r.Success}
	r.TesteeCost = stats.TesteeCost{Processes: 1, BusiestShare: 0.09}
	if got := evidenceOf(r).testee.busiest; !near(got, 0.9) {
		t.Errorf("%v, want 0.9", got)
	}
}

// TestNothing: an empty result has a verdict too.
func TestNothing(t *testing.T) {
	r, err := stats.Merge(stats.NewRecorder(nil))
	if err != nil {
		t.Fatal(err)
	}
	if v := Of(r); v.Kind != stats.BottleneckUnclear {
		t.Errorf("%+v", v)
	}
}
