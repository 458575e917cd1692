// Package example makes results for tests. They are recorded, merged and completed as
// a run does it, and have the same values each time.
package example

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// AllReached is the set of all phases of a closed loop.
const AllReached = stats.Phases(1<<stats.PhaseLate - 1)

// RecordSuccesses records n successes, whose phase open takes 1 ms, 2 ms, and so on.
func RecordSuccesses(rec *stats.Recorder, n int) {
	for i := range n {
		ms := int64(i+1) * 1e6
		rec.Start()
		rec.Success(&stats.Sample{
			Ns:      [stats.NumPhases]int64{31_000, ms, ms / 2, 90_400, 2 * ms, ms + 31_000},
			Reached: AllReached,
		})
		rec.Fin(stats.FinReceived)
	}
}

// RecordFailures records a failure for cause c for each of the codes. The values of
// the codes matter only if c is CauseOpenStatus.
func RecordFailures(rec *stats.Recorder, c stats.Cause, codes ...int) {
	for _, code := range codes {
		rec.Start()
		rec.Fail(&stats.Sample{
			Ns:      [stats.NumPhases]int64{45_000, 0, 0, 0, 3_000_000},
			Reached: stats.Phases(0).With(stats.PhaseConnect),
		}, c)
		if c == stats.CauseOpenStatus {
			rec.Status(code)
		}
	}
}

// recordOdd records successes with values out of range, which end by RST or timeout.
func recordOdd(rec *stats.Recorder) {
	odd := &stats.Sample{
		Ns:      [stats.NumPhases]int64{-5, int64(stats.MaxTrackable) + 1, 2e6, 0, 1 << 60, 1 << 60},
		Reached: AllReached &^ (1 << stats.PhaseFin),
	}
	for _, f := range []stats.Fin{stats.FinReset, stats.FinReset, stats.FinTimeout} {
		rec.Start()
		rec.Success(odd)
		rec.Fin(f)
	}
}

// Complete merges the recorders and fills in what a run would. The result passes its
// Check.
func Complete(recs ...*stats.Recorder) *stats.Result {
	r, err := stats.Merge(recs...)
	if err != nil {
		panic(err)
	}
	started := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	r.Started, r.Ended = started, started.Add(13517*time.Millisecond+100*time.Microsecond+567)
	r.Setup = stats.Setup{URL: "ws://127.0.0.1:9000/<a>&b", Address: "127.0.0.1:9000", Headers: []string{"X: \u00e4"},
		Connections: 200, Low: 250, High: 500, MaxOpen: 1000, CloseCode: 1000,
		ConnectTimeoutUs: 1e7, OpenTimeoutUs: 1e7, CloseTimeoutUs: 5e6, Samples: 3, Version: "1", GoVersion: "go1.26", Kernel: "6.18"}
	for i, rec := range recs {
		started, success, fail := rec.Counts()
		r.Loops = append(r.Loops, stats.LoopResult{CPU: 2*i - 1, Started: started, Success: success, Fail: fail, CPUUs: 4_213_000, EarlyWrites: started - started/8, KeptSockets: success,
			BusyUs: 12_165_000, RunWaitUs: 135_000, Waits: 200, Events: 5 * started, MaxBatch: 71})
	}
	r.Setup.Loops = len(recs)
	r.Load.Mode = stats.ModeClosed
	r.Loaded = stats.LoadedResult{FirstNs: started.UnixNano() + 1000, LastNs: started.UnixNano() + 12_500_001_000, Success: r.Success - r.Success/10}
	r.Client = stats.ClientCost{UserUs: 600, SystemUs: 7777, VoluntarySwitches: 1203, InvoluntarySwitches: 33,
		PeakMemoryBytes: 25_300_000, Allocations: 12, Collections: 0}
	if err := r.Check(); err != nil {
		panic(err)
	}
	return r
}

// OpenLoop is a run of an open loop that offered its load to within a few microseconds.
func OpenLoop() *stats.Result {
	rec := stats.NewRecorder(nil)
	for i := range 1000 {
		recordStart(rec, int64(20_000+i*30))
	}
	return openLoop(rec, 0)
}

// Overloaded is a run of an open loop that could not offer its load.
func Overloaded() *stats.Result {
	rec := stats.NewRecorder(nil)
	for i := range 995 {
		recordStart(rec, int64(i)*2e6)
	}
	r := openLoop(rec, 5)
	r.Client.SlotWaits, r.Setup.MaxOpenBy = 17, stats.LimitDescriptors
	return r
}

// Intervals is a run of an open loop with two whole intervals and a part of one, in which
// connections fail.
func Intervals() *stats.Result {
	rec, series := stats.NewRecorder(nil), stats.NewSeries(time.Second)
	part := new(stats.IntervalRecorder)
	rec.RecordIntervals(part)
	for i := range 3 {
		for n := range 100 * (i + 1) {
			recordStart(rec, int64(20_000+n*3000))
		}
		RecordFailures(rec, stats.CauseOpenReset, 0, 0)
		part = rec.Cut(new(stats.IntervalRecorder))
		part.Index, part.InFlight, part.Open = i, 3*i, 4*i
		if err := series.Add(part); err != nil {
			panic(err)
		}
	}
	r := openLoop(rec, 0)
	r.Ended = r.Started.Add(2250 * time.Millisecond)
	r.Loaded.LastNs = r.Started.UnixNano() + 2e9
	r.Intervals = series.Intervals(r.Duration())
	if err := r.Check(); err != nil {
		panic(err)
	}
	return r
}

// recordStart records a success that was started so many nanoseconds late.
func recordStart(rec *stats.Recorder, lateNs int64) {
	rec.Start()
	rec.Success(&stats.Sample{
		Ns:      [stats.NumPhases]int64{31_000, 1e6, 5e5, 90_400, 2e6 + lateNs, 1_031_000 + lateNs, lateNs},
		Reached: AllReached.With(stats.PhaseLate),
	})
	rec.Fin(stats.FinReceived)
}

func openLoop(rec *stats.Recorder, owed uint64) *stats.Result {
	r := Complete(rec)
	r.Setup.Connections, r.Setup.DurationUs, r.Setup.Low, r.Setup.High = 0, 10e6, 0, 0
	r.Setup.Rate, r.Setup.Arrivals = 100, stats.ArrivalsEven
	r.Load = stats.LoadResult{Mode: stats.ModeOpen, Offered: 100, Due: r.Total + owed, Owed: owed}
	return r
}

// Plain is a run with successes only.
func Plain() *stats.Result {
	rec := stats.NewRecorder(stats.NewConnLog(0))
	RecordSuccesses(rec, 100)
	return Complete(rec)
}

// EvilReply holds bytes that must be escaped in a terminal or in HTML: an escape
// sequence, markup, control characters, and bytes above 0x7f.
const EvilReply = "HTTP/1.1 503 \x1b]0;steer\x07\r\n\r\n<script>\"'\\&\t\u00e4\x9b\x7f\x00"

// Full fills every section of the report.
func Full() *stats.Result {
	a, b := stats.NewRecorder(stats.NewConnLog(0)), stats.NewRecorder(stats.NewConnLog(0))
	a.KeepReplies(3)
	b.KeepReplies(3)
	RecordSuccesses(a, 150)
	RecordFailures(a, stats.CauseOpenStatus, 403, 503, 403, 999)
	RecordSuccesses(b, 37)
	for i := range int64(3) {
		recordLag(b, 300_000*(i+1))
	}
	recordOdd(b)
	RecordFailures(b, stats.CauseCloseTimeout, 0, 0)
	for range 2 {
		a.Reply(stats.CauseOpenStatus, []byte("HTTP/1.1 403 Forbidden\r\n\r\n"))
	}
	a.Reply(stats.CauseOpenStatus, []byte(EvilReply))
	b.Reply(stats.CauseCloseTimeout, bytes.Repeat([]byte("\x81\x00"), 300))
	a.Throttle()
	b.Resume()
	r := Complete(a, b)
	r.Interrupted = true
	r.Client.SlotWaits, r.Client.ShortageWaits = 3, 4
	r.Setup.MaxOpenBy = stats.LimitPorts
	r.Client.Stalls, r.Client.StalledUs, r.Client.LongestStallUs = 5, 8_040_000, 1_640_000
	r.Setup.Sources = []string{"127.0.0.2", "127.0.0.3", "127.0.0.5"}
	r.TesteeCost, r.Verdict = TesteeCost(), verdict()
	r.Calibration = stats.Calibration{PerSecond: 23100, Share: 0.91, Measured: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Differs: "kernel", Problem: "damaged"}
	r.Kernel, r.Machines = []stats.KernelResult{kernel()}, []stats.MachineResult{machine()}
	r.Counters = stats.Counters{
		Counts: map[string]uint64{"cycles": 7_000_000, "instructions": 4_210_000, "branch_misses": 19_900}, UserOnly: true,
		Absent: map[string]string{"cache_misses": "ENOENT"},
	}
	r.Findings, r.Provenance, r.Differences = findings(), provenance(), differences()
	return r
}

// recordLag records that the response of a success waited for its loop.
func recordLag(rec *stats.Recorder, ns int64) {
	rec.Start()
	rec.Success(&stats.Sample{
		Ns:      [stats.NumPhases]int64{31_000, 1e6, 5e5, 90_400, 2e6, 1_031_000, 0, ns},
		Reached: AllReached.With(stats.PhaseLag),
	})
	rec.Fin(stats.FinReceived)
}

// verdict is that of two runs.
func verdict() stats.Verdict {
	client := stats.Verdict{Kind: stats.BottleneckClient, Reason: "a loop of wsperf was busy for 98 % of the time", Evidence: []string{"wsperf: loop 0", "testee: 60 % of a CPU"}}
	testee := stats.Verdict{Kind: stats.BottleneckTestee, Reason: "its busiest thread used 97 % of a CPU", Evidence: []string{"testee: 97 % of a CPU"}}
	return stats.Verdict{Kind: stats.BottleneckClient, Reason: "1 of 2 runs say so", Evidence: []string{}, Parts: []stats.Verdict{testee, client}}
}

// TesteeCost has every field.
func TesteeCost() stats.TesteeCost {
	return stats.TesteeCost{
		FoundBy: stats.FoundBySocket, Processes: 3, Ended: 1, Threads: 17, Hidden: 1, Missed: 2, UserUs: 1234, SystemUs: 5432,
		BusiestShare: 0.9871, RunWaitUs: 5678, InvoluntarySwitches: 4321, PeakMemoryBytes: 123_400_000, MemoryBytes: 98_700_000,
		Descriptors: 1532, CPUs: 2, AllowedCPUs: "0,2", QuotaCPUs: 1.5,
		Counters: stats.Counters{
			Counts: map[string]uint64{"cycles": 9_100_000, "instructions": 6_420_000}, UserOnly: true,
			Absent: map[string]string{"cache_misses": "ENOENT", "branch_misses": "not counted"},
		},
	}
}

// provenance has every field.
func provenance() stats.Provenance {
	return stats.Provenance{
		Commit: "0123456789ab with changes", Command: "wsperf run ws://127.0.0.1:9000/ --header 'Cookie: ***'", Testee: stats.TesteeBuiltin,
		System: "Linux 6.18.0 #1 SMP x86_64", CPUModel: "AMD EPYC", CPUs: 2, AllowedCPUs: "0-1", Governor: "powersave",
		ClockSource: "tsc", MitigationsOption: "off", Mitigations: map[string]string{"meltdown": "Mitigation: PTI", "mds": "Not affected"},
		Sysctls: map[string]string{"net.core.somaxconn": "4096", "net.ipv4.ip_local_port_range": "32768 60999"},
	}
}

// differences has more values, and a longer one, than the report shows.
func differences() []stats.Difference {
	return []stats.Difference{
		{Name: "kernel", Values: []string{"6.1", "6.18"}},
		{Name: "CPU model", Values: []string{"AMD EPYC", "Intel(R) Xeon(R) Platinum 8488C with a name that is longer than a line", "c", "d"}},
	}
}

// kernel has every counter, the last ones largest.
func kernel() stats.KernelResult {
	k := stats.KernelResult{
		Machine: "5f0c3fa2-8a8d-4c2b-9df5-1b8a8cbb3f5e", Namespace: 4026531840, SYNLinearTimeouts: 4,
		AcceptQueue: stats.AcceptQueueResult{Longest: 9, Last: 2, Backlog: 8},
		Conntrack:   stats.ConntrackResult{Most: 65500, Max: 65536},
		Sockets:     stats.SocketsResult{TimeWait: 28000, Orphans: 3, MemoryPages: 700},
	}
	for c := range k.Counters {
		k.Counters[c] = int64(c+1) * 1001
	}
	return k
}

// machine has all that slows one down. A loop is pinned to CPU 1.
func machine() stats.MachineResult {
	return stats.MachineResult{
		ID: kernel().Machine,
		CPUs: []stats.CPUResult{
			{CPU: 0, UserUs: 2e6, SystemUs: 4e6, IRQUs: 1e5, SoftirqUs: 9e5, StealUs: 5e5, IdleUs: 5.5e6},
			{CPU: 1, Loops: 1, UserUs: 1e6, SystemUs: 9e6, SoftirqUs: 25e5, StealUs: 1e5, IdleUs: 4e5},
			{CPU: 2, UserUs: 1e5, SystemUs: 1e5, IdleUs: 128e5},
		},
		Pressure: stats.PressureResult{CPUUs: 7e6, MemoryUs: 4e5, IOUs: 3e5}, ThermalThrottles: 12,
		Quota: stats.QuotaResult{QuotaUs: 150_000, PeriodUs: 100_000, Periods: 130, Throttled: 17, ThrottledUs: 2_300_000},
		Ports: stats.PortsResult{Usable: 28132, Reserved: 100, Free: 20000}, Descriptors: stats.DescriptorsResult{Limit: 1024, Open: 12},
	}
}

// findings has a requirement with each unit, and one without a value.
func findings() []stats.Finding {
	us, percent, perSecond, n := 189_439.0, 100*6/199.0, 13.68, 4.0
	return []stats.Finding{
		{Expression: "open.q99 < 0.5s", Found: &us, Unit: stats.UnitMicroseconds, Met: true},
		{Expression: "fail% <= 0.1%", Found: &percent, Unit: stats.UnitPercent},
		{Expression: "rate > 10k", Found: &perSecond, Unit: stats.UnitPerSecond},
		{Expression: "cause.open_status == 4", Found: &n, Met: true},
		{Expression: "fin.max != 7us", Unit: stats.UnitMicroseconds},
	}
}

// Failed is a run without any success.
func Failed() *stats.Result {
	rec := stats.NewRecorder(nil)
	RecordFailures(rec, stats.CauseConnectRefused, 0, 0, 0)
	return Complete(rec)
}

// CatchAll is a run whose failures are of causes that stand for several errnos.
func CatchAll() *stats.Result {
	rec := stats.NewRecorder(nil)
	recordErrno(rec, stats.CauseClientOther, int(unix.ENODEV), 7)
	recordErrno(rec, stats.CauseClientOther, int(unix.EINVAL), 12)
	recordErrno(rec, stats.CauseConnectOther, 524, 1) // ENOTSUPP, which only the kernel knows
	return Complete(rec)
}

// recordErrno records n failures for cause c that come from an errno.
func recordErrno(rec *stats.Recorder, c stats.Cause, errno, n int) {
	for range n {
		RecordFailures(rec, c, 0)
		rec.Errno(c, errno)
	}
}

// EveryByte returns the 256 byte values in ascending order.
func EveryByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// Hostile is a run without any success, whose replies hold every byte value.
func Hostile() *stats.Result {
	rec := stats.NewRecorder(nil)
	rec.KeepReplies(3)
	RecordFailures(rec, stats.CauseOpenMalformed, 0, 0)
	rec.Reply(stats.CauseOpenMalformed, EveryByte())
	rec.Reply(stats.CauseOpenMalformed, EveryByte()[128:])
	return Complete(rec)
}
