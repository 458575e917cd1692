package verdict

import (
	"slices"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// evidence is what a verdict is founded on. Shares are of the loaded time; 1 is all of it, or
// one CPU.
type evidence struct {
	seconds            float64 // the loaded time
	total              uint64
	successes          uint64
	failures           uint64
	open, kept         bool    // an open loop, and whether it offered its load as asked to
	finished           float64 // share of the successes by the last start
	lateUs             int64   // the starts, at q99
	rate               float64 // handshakes a second
	low, high          int     // of a closed loop
	inFlight           float64 // mean, by Little's law
	connectUs, readyUs int64   // medians
	openUs             int64

	tls        tlsUse
	loopsKnown bool
	busiest    loop    // of the loops
	runWait    float64 // of the loop that waited longest for a CPU
	lag        lagOf

	throttledPeriods float64 // share of the periods of the client's CPU quota
	quotaCPUs        float64

	testee testeeUse
	drop   drops

	softirq    float64 // of the CPU that has most of it, if that is not idle
	softirqCPU int

	shortages uint64 // pauses for want of a port, a descriptor or memory
	slotWaits uint64 // pauses because no more connections can be open
	slots     int
	slotsBy   stats.OpenLimit
}

// loop is what one loop did.
type loop struct {
	number        int
	busy          float64 // not asleep in epoll_wait
	used, runWait float64 // on a CPU, waiting for one
}

// tlsUse is what TLS costs wsperf. All but some 2 us per connection of what it computes in user space
// is crypto/tls's.
type tlsUse struct {
	used          bool    // the URL is wss://
	userUs, cpuUs float64 // CPU time per connection, in user space and all
}

// lagOf is how long responses waited for their loop, in microseconds.
type lagOf struct {
	median, q99 int64
	inOpen      bool // phase open contains it
}

// testeeUse is what a testee on this machine used.
type testeeUse struct {
	known         bool
	unknown       stats.TesteeUnknown
	busiest       float64 // the thread that used most
	used, runWait float64 // all threads together
	mayUse        float64 // CPUs; 0: not known
	quota         bool    // that its cgroup allows
	beside        bool    // it may use a CPU of a loop
	idle          float64 // share of the time of the CPUs that it may use; 1: not known
}

// drops is what the kernel dropped and what that took.
type drops struct {
	overflows     float64 // full accept or SYN queue, by connection
	lost          float64 // connections that lost a SYN, by connection
	inFlight      float64 // share of the time in flight that connections waited for it
	backlog       int64   // of the accept queue, if it was seen full
	conntrackFull bool
}

// evidenceOf finds the evidence in the result of one run.
func evidenceOf(r *stats.Result) *evidence {
	e := &evidence{
		total: r.Total, successes: r.Success, failures: r.Fail, open: r.Load.Mode == stats.ModeOpen, kept: r.Kept(),
		low: r.Setup.Low, high: r.Setup.High, shortages: r.Client.ShortageWaits, slotWaits: r.Client.SlotWaits, slots: r.Setup.MaxOpen, slotsBy: r.Setup.MaxOpenBy,
		connectUs: median(r, stats.PhaseConnect), openUs: median(r, stats.PhaseOpen), readyUs: median(r, stats.PhaseReady),
		lag: lagOf{median(r, stats.PhaseLag), r.Phases[stats.PhaseLag].Success.ValueAtPercentile(99), r.Setup.Timestamps != stats.TimestampsKernel},
	}
	e.seconds = loadedSeconds(r)
	if e.seconds <= 0 || r.Success == 0 {
		return e
	}
	e.finished, e.lateUs = float64(r.Loaded.Success)/float64(r.Success), r.LateUs(99)
	e.rate = float64(r.Success) / e.seconds
	flown := secondsInFlight(r)
	e.inFlight = flown / e.seconds
	e.addLoops(r)
	e.tls = tlsUse{r.UsesTLS(), float64(r.Client.UserUs) / float64(r.Total), float64(r.Client.UserUs+r.Client.SystemUs) / float64(r.Total)}
	e.addTestee(&r.TesteeCost, r.Duration().Seconds())
	e.testee.idle = idleOf(r)
	e.testee.beside = slices.ContainsFunc(r.Loops, func(l stats.LoopResult) bool { return l.CPU < 0 || mayUse(r.TesteeCost.AllowedCPUs, l.CPU) })
	e.addDrops(r, flown)
	e.addMachines(r)
	return e
}

func median(r *stats.Result, p stats.Phase) int64 { return r.Phases[p].Success.ValueAtPercentile(50) }

// loadedSeconds leaves out the drain if next to nothing happened in it: one connection that
// times out makes that long, and everybody idle.
func loadedSeconds(r *stats.Result) float64 {
	loaded := r.Loaded.Duration().Seconds()
	if loaded > 0 && float64(r.Loaded.Success) >= 0.9*float64(r.Success) {
		return loaded
	}
	return r.Duration().Seconds()
}

// secondsInFlight returns how long all connections together were in flight. How long those were
// that failed is between nothing and all of their life, which counts.
func secondsInFlight(r *stats.Result) float64 {
	us := 0.0
	for _, h := range []struct {
		phase stats.Phase
		of    interface {
			TotalCount() int64
			Mean() float64
		}
	}{
		{stats.PhaseConnect, r.Phases[stats.PhaseConnect].Success}, {stats.PhaseOpen, r.Phases[stats.PhaseOpen].Success},
		{stats.PhaseSecure, r.Phases[stats.PhaseSecure].Success}, {stats.PhaseSecureResumed, r.Phases[stats.PhaseSecureResumed].Success},
		{stats.PhaseTotal, r.Phases[stats.PhaseTotal].Failure},
	} {
		us += float64(h.of.TotalCount()) * h.of.Mean()
	}
	return us / 1e6
}

// share returns a time in microseconds as a share of the loaded time.
func (e *evidence) share(us int64) float64 { return float64(us) / 1e6 / e.seconds }

func (e *evidence) addLoops(r *stats.Result) {
	for i, l := range r.Loops {
		if l.Waits == 0 {
			continue // of an older file, or without work
		}
		e.loopsKnown = true
		one := loop{i, min(1, e.share(l.BusyUs)), min(1, e.share(l.CPUUs)), min(1, e.share(l.RunWaitUs))} // the drain counts too
		if one.busy > e.busiest.busy {
			e.busiest = one
		}
		e.runWait = max(e.runWait, one.runWait)
	}
}

// addTestee is told the length of the window, by which the busiest thread's share counts.
func (e *evidence) addTestee(c *stats.TesteeCost, window float64) {
	t := &e.testee
	t.known, t.unknown = c.Known(), c.Unknown
	if !t.known {
		return
	}
	t.busiest, t.used, t.runWait = c.BusiestShare*window/e.seconds, e.share(c.UserUs+c.SystemUs), e.share(c.RunWaitUs)
	t.mayUse = float64(c.CPUs)
	if c.QuotaCPUs > 0 && (t.mayUse == 0 || c.QuotaCPUs < t.mayUse) {
		t.mayUse, t.quota = c.QuotaCPUs, true
	}
}

// idleOf returns how much of the CPUs that the testee may use was left.
func idleOf(r *stats.Result) float64 {
	var sum stats.CPUResult
	for i := range r.Machines {
		for _, c := range r.Machines[i].CPUs {
			if mayUse(r.TesteeCost.AllowedCPUs, c.CPU) {
				sum.Add(c)
			}
		}
	}
	if len(r.Machines) != 1 || sum.TotalUs() == 0 {
		return 1
	}
	return float64(sum.IdleUs) / float64(sum.TotalUs())
}

// mayUse reports whether a CPU is in a list such as 0-3,6. An empty list stands for all.
func mayUse(list string, cpu int) bool {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, wrong := strconv.Atoi(last)
		if err == nil && wrong == nil && from <= cpu && cpu <= to {
			return true
		}
	}
	return list == ""
}

// Least that a connection waits whose ACK or SYN was dropped (include/net/tcp.h: TCP_RTO_MIN,
// and TCP_TIMEOUT_INIT, which LostSYNs finds).
const leastRetransmission = 0.2

func (e *evidence) addDrops(r *stats.Result, flown float64) {
	lost, waited := 0.0, 0.0
	for _, l := range r.LostSYNs() {
		lost += float64(l.Connections)
		waited += float64(l.Connections) * l.After.Seconds()
	}
	overflows, _ := r.KernelCount(stats.ListenOverflows)
	full, _ := r.KernelCount(stats.TCPReqQFullDrop)
	met := min(float64(overflows+full), float64(slow(r))) // others' connections meet full queues too
	if e.total > 0 {
		e.drop.lost = lost / float64(e.total)
		e.drop.overflows = met / float64(e.total)
	}
	if flown > 0 {
		e.drop.inFlight = min(1, max(waited, leastRetransmission*met)/flown)
	}
	for _, k := range r.Kernel {
		if k.AcceptQueue.Full() {
			e.drop.backlog = k.AcceptQueue.Backlog
		}
		e.drop.conntrackFull = e.drop.conntrackFull || k.Conntrack.NearlyFull()
	}
}

// slow counts the connections that took as long as if something of theirs had been dropped. With TLS,
// a ClientHello that follows a dropped ACK prolongs phase secure.
func slow(r *stats.Result) (n int64) {
	for _, h := range []*hdrhistogram.Histogram{
		r.Phases[stats.PhaseConnect].Success, r.Phases[stats.PhaseSecure].Success, r.Phases[stats.PhaseSecureResumed].Success,
		r.Phases[stats.PhaseOpen].Success, r.Phases[stats.PhaseTotal].Failure,
	} {
		for _, bar := range h.Distribution() {
			if float64(bar.To) >= 1e6*leastRetransmission {
				n += bar.Count
			}
		}
	}
	return n
}

func (e *evidence) addMachines(r *stats.Result) {
	for i := range r.Machines {
		m := &r.Machines[i]
		if q := m.Quota; q.Periods > 0 {
			e.throttledPeriods, e.quotaCPUs = max(e.throttledPeriods, float64(q.Throttled)/float64(q.Periods)), q.CPUs()
		}
		for _, c := range m.CPUs {
			all := float64(c.TotalUs())
			if all <= 0 || float64(c.IdleUs) > noneIdle*all {
				continue
			}
			if share := float64(c.SoftirqUs+c.IRQUs) / all; share > e.softirq {
				e.softirq, e.softirqCPU = share, c.CPU
			}
		}
	}
}
