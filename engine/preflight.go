package engine

import (
	"fmt"
	"net/netip"
	"os"
	"slices"

	"wsperf/engine/host"
	"wsperf/stats"
)

// facts are what the preflight checks compare a configuration with.
type facts struct {
	host.Facts
	maxOpen  int            // connections that the descriptor limit allows at once
	timeWait int            // local ports in TIME_WAIT for connections to the testee
	here     bool           // the testee's address belongs to this machine
	backlog  int            // of the testee's listening sockets together, or host.Unknown
	quota    host.Bandwidth // the smallest CPU quota that applies to the process; zero: none does
}

// check is one preflight check; its text is empty when there is nothing to warn of.
type check struct {
	kind WarningKind
	text func(*Config, *facts) string
}

// sharedChecks are about limits that all processes of a run share, if there are several.
var sharedChecks = []check{
	{WarnMemory, memoryWarning},
	{WarnPorts, portWarning},
	{WarnTimeWait, timeWaitWarning},
	{WarnBacklog, backlogWarning},
	{WarnCPUQuota, quotaWarning},
}

var checks = slices.Concat([]check{{WarnDescriptors, descriptorWarning}}, sharedChecks, []check{
	{WarnForbiddenCPU, allowedWarning},
	{WarnSharedCPU, sharedWarning},
})

// preflight returns a warning for each check that expects the run to suffer.
//
// No check is about TIME_WAIT left by wsperf's own connections. It is on the side of
// the testee, which closes first, and takes no port from us, even if the testee is on
// this machine: connect(2) searches for connections from our end
// (__inet_check_established in net/ipv4/inet_hashtables.c), and a SYN to the other end
// replaces one in TIME_WAIT (tcp_timewait_state_process in net/ipv4/tcp_minisocks.c,
// Linux 6.18; RFC 9293 section 3.6.1). With tcp_tw_reuse 0 and 100 ports, 5000
// connections went through on loopback.
func preflight(cfg *Config, f facts) []Warning { return warningsOf(checks, cfg, &f) }

func warningsOf(checks []check, cfg *Config, f *facts) (warnings []Warning) {
	for _, c := range checks {
		if text := c.text(cfg, f); text != "" {
			warnings = append(warnings, Warning{c.kind, text})
		}
	}
	return warnings
}

// mostOpen estimates how many connections exist at once. It assumes as many closing as
// opening ones, which is about right on loopback.
func mostOpen(cfg *Config, f *facts) int {
	return atMost(cfg, f, 2*min(cfg.High, f.maxOpen)) // min keeps a huge High from overflowing
}

// atMost caps a number of connections at what the run and the descriptors allow.
func atMost(cfg *Config, f *facts, n int) int {
	return int(min(int64(n), cfg.most(), int64(f.maxOpen)))
}

// portsTo is how many ports there are for connections to one testee: every source
// address has the whole range, because the addresses and ports of both ends
// together identify a connection (RFC 9293 section 3.1).
func portsTo(cfg *Config, f *facts) int { return f.Ports.Count() * max(1, len(cfg.Sources)) }

func descriptorWarning(cfg *Config, f *facts) string {
	if cfg.High <= f.maxOpen {
		return ""
	}
	return fmt.Sprintf("high watermark %d is above the %d connections that the descriptor limit allows at once: raise it (ulimit -n), or run several processes", cfg.High, f.maxOpen)
}

func memoryWarning(cfg *Config, f *facts) string {
	need := int64(atMost(cfg, f, cfg.High))
	lowest := memoryLimit(cfg, f, openLimit{connections: need})
	if lowest.connections == need {
		return ""
	}
	memory, remedy := memoryWords(lowest.by, &f.Memory)
	return fmt.Sprintf("high watermark %d is above the %d connections that %s hold: %s, or starts will wait for others to end",
		cfg.High, lowest.connections, memory, remedy)
}

// memoryWords says which memory is short, and what to do.
func memoryWords(by stats.OpenLimit, m *host.Memory) (memory, remedy string) {
	switch by {
	case stats.LimitCgroup:
		return fmt.Sprintf("the %d MB left of the cgroup's memory limit", m.Cgroup>>20), "raise the limit (memory.max; in version 1 memory.limit_in_bytes), lower the high watermark"
	case stats.LimitAddressSpace:
		return fmt.Sprintf("the %d MB left of the address space limit", m.AddressSpace>>20), "raise the limit (ulimit -v), lower the high watermark"
	}
	return fmt.Sprintf("%d MB of available memory", m.Machine>>20), "lower it"
}

func portWarning(cfg *Config, f *facts) string {
	need, have := mostOpen(cfg, f), portsTo(cfg, f)
	if need <= have {
		return ""
	}
	return fmt.Sprintf("high watermark %d, local ports %d: open and closing connections need one each too, and starts will wait for them: %s",
		cfg.High, have, portRemedy(f, need))
}

// portRemedy says how to get that many ports.
func portRemedy(f *facts, need int) string {
	remedy := "widen net.ipv4.ip_local_port_range"
	per := f.Ports.Count()
	if per < f.Ports.PortRange.Count() {
		remedy += ", shorten net.ipv4.ip_local_reserved_ports"
	}
	if per == 0 {
		return remedy
	}
	return fmt.Sprintf("%s, or give %d --source addresses", remedy, (need+per-1)/per)
}

// fewPart: TIME_WAIT on less than 1/fewPart of the ports makes no difference.
const fewPart = 10

// timeWaitWarning is about local ports that another client holds in TIME_WAIT, because it
// closed first. TIME_WAIT lasts a minute (TCP_TIMEWAIT_LEN, include/net/tcp.h).
func timeWaitWarning(cfg *Config, f *facts) string {
	have := portsTo(cfg, f)
	few := f.timeWait == 0 || f.timeWait < have/fewPart
	if few || !keepsTimeWait(cfg, f.TWReuse) || mostOpen(cfg, f) <= have-f.timeWait {
		return ""
	}
	return fmt.Sprintf("%d of %d local ports are in TIME_WAIT, left by a client that closed connections to the testee first, and net.ipv4.tcp_tw_reuse is %d: "+
		"wait a minute, set it to 1, or give more --source addresses", f.timeWait, have, f.TWReuse)
}

// keepsTimeWait reports whether a local port in TIME_WAIT cannot be reused for
// connections to the testee (Documentation/networking/ip-sysctl.rst, tcp_tw_reuse).
func keepsTimeWait(cfg *Config, twReuse int) bool {
	return twReuse == 0 || twReuse == 2 && !cfg.Addr.Addr().Unmap().IsLoopback()
}

// backlogWarning is about the testee's accept queue. A SYN that finds it full is dropped
// and retransmitted after a second (RFC 6298 section 2). If the testee's backlog is not
// known, the queue is no longer than somaxconn (listen(2)).
func backlogWarning(cfg *Config, f *facts) string {
	waiting := atMost(cfg, f, cfg.High)
	switch {
	case !f.here:
		return ""
	case f.backlog != host.Unknown:
		return ownBacklogWarning(cfg, f, waiting)
	case f.Somaxconn == host.Unknown || waiting <= f.Somaxconn:
		return ""
	}
	return fmt.Sprintf("high watermark %d is above net.core.somaxconn %d, the most connections that a testee on this machine can leave waiting; "+
		"more take a second longer to connect: raise it before the testee starts, or lower the high watermark", cfg.High, f.Somaxconn)
}

// ownBacklogWarning is about the backlog that the testee listens with. One that is as large
// as somaxconn may have been cut to it.
func ownBacklogWarning(cfg *Config, f *facts, waiting int) string {
	if waiting <= f.backlog {
		return ""
	}
	remedy := "give its listen(2) a larger backlog"
	if f.Somaxconn != host.Unknown && f.backlog >= f.Somaxconn {
		remedy = fmt.Sprintf("raise net.core.somaxconn (%d) and the backlog of its listen(2)", f.Somaxconn)
	}
	return fmt.Sprintf("high watermark %d is above the testee's listen backlog %d, the most connections that it can leave waiting; "+
		"more take a second longer to connect: %s, or lower the high watermark", cfg.High, f.backlog, remedy)
}

// quotaWarning is about a CPU quota of the client's cgroup, as a container has one. What the
// loops may use is then less than their CPUs, and they stop all at once.
func quotaWarning(cfg *Config, f *facts) string {
	cpus := cfg.Loops
	for _, most := range []int{distinctCPUs(cfg), len(f.Allowed)} {
		if most > 0 {
			cpus = min(cpus, most)
		}
	}
	if f.quota.QuotaUs == 0 || f.quota.CPUs() >= float64(cpus) {
		return ""
	}
	remedy := "raise it (cpu.max; in version 1 cpu.cfs_quota_us)"
	if fewer := int(f.quota.CPUs()); fewer > 0 {
		remedy += fmt.Sprintf(", or lower --loops to %d", fewer)
	}
	return fmt.Sprintf("the cgroup's CPU quota is %.2f CPUs, the loops use %d: when it is used up, they all stop until the next period, every %.0f ms: %s",
		f.quota.CPUs(), cpus, float64(f.quota.PeriodUs)/1000, remedy)
}

// allowedWarning is about CPUs outside of the affinity mask (sched_setaffinity(2)).
func allowedWarning(cfg *Config, f *facts) string {
	for _, cpu := range cfg.CPUs {
		if len(f.Allowed) > 0 && !slices.Contains(f.Allowed, cpu) {
			return fmt.Sprintf("CPU %d is not allowed for this process, a loop cannot be pinned to it: choose from %v (taskset -p, cpuset)", cpu, f.Allowed)
		}
	}
	return ""
}

// sharedWarning is about loops that share a CPU.
func sharedWarning(cfg *Config, _ *facts) string {
	distinct := distinctCPUs(cfg)
	if distinct == 0 || cfg.Loops <= distinct {
		return ""
	}
	return fmt.Sprintf("loops %d, CPUs %d: more than one loop per CPU costs context switches and gains nothing", cfg.Loops, distinct)
}

func distinctCPUs(cfg *Config) int {
	return len(slices.Compact(slices.Sorted(slices.Values(cfg.CPUs))))
}

// readFacts returns the facts for a run with that configuration.
func readFacts(cfg *Config, maxOpen int) facts {
	f := facts{Facts: host.ReadFacts(), maxOpen: maxOpen, here: host.IsLocal(cfg.Addr.Addr().Unmap()), backlog: host.Unknown, quota: host.CPUQuota(os.Getpid())}
	if f.here {
		f.backlog = backlogOf(cfg.Addr)
	}
	// The list of all connections can be long: it is read only if it may matter.
	if keepsTimeWait(cfg, f.TWReuse) && host.TimeWaits() > portsTo(cfg, &f)-mostOpen(cfg, &f) {
		f.timeWait = host.TimeWaitsTo(cfg.Addr)
	}
	return f
}

// backlogOf returns the sum of the backlogs of the sockets that listen for connections to
// the testee. It returns host.Unknown if there is none, because a packet filter sends
// connections elsewhere, or if the kernel does not tell.
func backlogOf(testee netip.AddrPort) int {
	all, _ := host.Listeners(testee.Port()) // nil on failure
	listeners := host.ListenersFor(all, testee.Addr())
	if len(listeners) == 0 {
		return host.Unknown
	}
	sum := 0
	for _, l := range listeners {
		sum += l.Backlog
	}
	return sum
}
