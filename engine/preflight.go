package engine

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// hostFacts is what a run depends on and cannot change. The settings are those of
// the network namespace that the process is in.
type hostFacts struct {
	ports     int   // local ports that a source address has (ip(7), ip_local_port_range)
	maxOpen   int   // connections that the descriptor limit allows at once
	somaxconn int   // longest queue of a listening socket (listen(2)), or unknown
	twReuse   int   // tcp_tw_reuse: 0 never, 1 always, 2 on loopback, or unknown
	timeWait  int   // ports in TIME_WAIT on our side of connections to the testee
	here      bool  // the testee's address is one of this machine
	allowed   []int // CPUs
}

// unknown is a setting that cannot be read.
const unknown = -1

// preflight tells what of this machine will bite the run: a sentence each, with
// the remedy. Nothing when nothing will.
//
// The TIME_WAIT that wsperf's own connections leave is not in it. It is on the
// testee's side, which closes first, and there it keeps no port from us even if
// the testee is on this machine: connect(2) looks for connections from our end
// (__inet_check_established in net/ipv4/inet_hashtables.c), and a SYN to the
// other end replaces what is in TIME_WAIT there (tcp_timewait_state_process in
// net/ipv4/tcp_minisocks.c, Linux 6.18; RFC 9293 section 3.6.1). With
// tcp_tw_reuse 0 and 100 ports, 5000 connections went through on loopback.
func preflight(cfg *Config, facts hostFacts) []string {
	var warnings []string
	for _, check := range []func(*Config, *hostFacts) string{descriptorWarning, portWarning, timeWaitWarning, backlogWarning, allowedWarning, sharedWarning} {
		if w := check(cfg, &facts); w != "" {
			warnings = append(warnings, w)
		}
	}
	return warnings
}

// mostOpen is how many connections there may be at once: with as many closing as
// opening, which on loopback is about what happens.
func mostOpen(cfg *Config, facts *hostFacts) int {
	return atMost(cfg, facts, 2*min(cfg.High, facts.maxOpen)) // the bound keeps a huge High from overflowing
}

// atMost bounds a number of connections by what the run and the descriptors allow.
func atMost(cfg *Config, facts *hostFacts, n int) int {
	if cfg.Connections > 0 {
		n = int(min(int64(n), cfg.Connections))
	}
	return min(n, facts.maxOpen)
}

// portsOf is how many ports there are for connections to one testee. The
// addresses and ports of both ends together are unique (RFC 9293 section 3.1).
func portsOf(cfg *Config, facts *hostFacts) int { return facts.ports * max(1, len(cfg.Sources)) }

func descriptorWarning(cfg *Config, facts *hostFacts) string {
	if cfg.High <= facts.maxOpen {
		return ""
	}
	return fmt.Sprintf("high watermark %d is above the %d connections that the descriptor limit allows at once: raise it (ulimit -n), or run several processes", cfg.High, facts.maxOpen)
}

func portWarning(cfg *Config, facts *hostFacts) string {
	need, have := mostOpen(cfg, facts), portsOf(cfg, facts)
	if need <= have {
		return ""
	}
	return fmt.Sprintf("high watermark %d, local ports %d: open and closing connections need one each too, and starts will wait for them: "+
		"widen net.ipv4.ip_local_port_range, or give %d --source addresses", cfg.High, have, (need+facts.ports-1)/facts.ports)
}

// fewPart: less than this part of the ports makes no difference, 1/fewPart.
const fewPart = 10

// timeWaitWarning is about what another client has left, one that closed first.
// TCP_TIMEWAIT_LEN is a minute (include/net/tcp.h).
func timeWaitWarning(cfg *Config, facts *hostFacts) string {
	have := portsOf(cfg, facts)
	few := facts.timeWait < have/fewPart
	if few || !facts.keepsTimeWait(cfg) || mostOpen(cfg, facts) <= have-facts.timeWait {
		return ""
	}
	return fmt.Sprintf("%d of %d local ports are in TIME_WAIT, left by a client that closed connections to the testee first, and net.ipv4.tcp_tw_reuse is %d: "+
		"wait a minute, set it to 1, or give more --source addresses", facts.timeWait, have, facts.twReuse)
}

// keepsTimeWait tells whether a port in TIME_WAIT on our side is not used again
// (Documentation/networking/ip-sysctl.rst, tcp_tw_reuse).
func (f *hostFacts) keepsTimeWait(cfg *Config) bool {
	return f.twReuse == 0 || f.twReuse == 2 && !cfg.Addr.Addr().Unmap().IsLoopback()
}

// backlogWarning: whatever a testee asks for, its queue of connections that it has
// not accepted is no longer than somaxconn (listen(2)). A SYN that finds it
// full is dropped, and sent again after a second (RFC 6298 section 2).
func backlogWarning(cfg *Config, facts *hostFacts) string {
	if !facts.here || facts.somaxconn == unknown || atMost(cfg, facts, cfg.High) <= facts.somaxconn {
		return ""
	}
	return fmt.Sprintf("high watermark %d is above net.core.somaxconn %d, the most connections that a testee on this machine can leave waiting; "+
		"more take a second longer to connect: raise it before the testee starts, or lower the high watermark", cfg.High, facts.somaxconn)
}

// allowedWarning is about CPUs that the process may not use (sched_setaffinity(2)).
func allowedWarning(cfg *Config, facts *hostFacts) string {
	for _, cpu := range cfg.CPUs {
		if len(facts.allowed) > 0 && !slices.Contains(facts.allowed, cpu) {
			return fmt.Sprintf("CPU %d is not allowed for this process, a loop cannot be pinned to it: choose from %v (taskset -p, cpuset)", cpu, facts.allowed)
		}
	}
	return ""
}

// sharedWarning is about loops that take turns on a CPU.
func sharedWarning(cfg *Config, _ *hostFacts) string {
	distinct := len(slices.Compact(slices.Sorted(slices.Values(cfg.CPUs))))
	if distinct == 0 || cfg.Loops <= distinct {
		return ""
	}
	return fmt.Sprintf("loops %d, CPUs %d: more than one loop per CPU costs context switches and gains nothing", cfg.Loops, distinct)
}

// readHostFacts reads the facts for a run with that configuration. What cannot
// be read is left out: nothing depends on it but a warning.
func readHostFacts(cfg *Config, maxOpen int) hostFacts {
	low, high := localPorts()
	f := hostFacts{
		ports: int(high) - int(low) + 1, maxOpen: maxOpen,
		somaxconn: readSetting("/proc/sys/net/core/somaxconn"),
		twReuse:   readSetting("/proc/sys/net/ipv4/tcp_tw_reuse"),
		here:      isHere(cfg.Addr.Addr().Unmap()),
	}
	f.allowed, _ = AllowedCPUs() // nil when it cannot be read
	// The list of all connections can be long: it is read only when it may matter.
	if f.keepsTimeWait(cfg) && anyTimeWaits() > portsOf(cfg, &f)-mostOpen(cfg, &f) {
		f.timeWait = timeWaitsTo(cfg.Addr)
	}
	return f
}

func readSetting(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return unknown
	}
	return n
}

// isHere tells whether a connection to the address stays on this machine.
// Connecting to no address in particular goes to this machine too (ip(7), INADDR_ANY).
func isHere(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	own, _ := net.InterfaceAddrs() // nil when they cannot be read
	return slices.ContainsFunc(own, func(address net.Addr) bool {
		prefix, err := netip.ParsePrefix(address.String())
		return err == nil && prefix.Addr().WithZone("") == a.WithZone("")
	})
}

// anyTimeWaits is the number of all connections in TIME_WAIT, of either side (proc(5), /proc/net/sockstat).
func anyTimeWaits() int {
	text, err := os.ReadFile("/proc/self/net/sockstat")
	if err != nil {
		return 0
	}
	return countInSockstat(string(text))
}

func countInSockstat(text string) int {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		i := slices.Index(words, "tw")
		if i < 0 || words[0] != "TCP:" || i+1 == len(words) {
			continue
		}
		n, _ := strconv.Atoi(words[i+1]) // 0 for what is no number
		return n
	}
	return 0
}

// timeWaitsTo counts the connections in TIME_WAIT whose other end is the testee.
func timeWaitsTo(testee netip.AddrPort) int {
	path := "/proc/self/net/tcp"
	if !testee.Addr().Unmap().Is4() {
		path = "/proc/self/net/tcp6"
	}
	list, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer list.Close()
	return countTimeWaits(list, testee)
}

// timeWaitState is TCP_TIME_WAIT (include/net/tcp_states.h), as /proc/net/tcp writes it.
const timeWaitState = "06"

// countTimeWaits reads the form of /proc/net/tcp (proc(5)): number, local and
// remote address, state. What comes after an error of reading is not counted.
func countTimeWaits(list io.Reader, testee netip.AddrPort) (n int) {
	remote := procAddress(testee)
	for lines := bufio.NewScanner(list); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 3 && words[2] == remote && words[3] == timeWaitState {
			n++
		}
	}
	return n
}

// procAddress writes an address as /proc/net/tcp does: each four bytes as the
// number that they are to this machine, in hexadecimal digits.
func procAddress(a netip.AddrPort) string {
	var text strings.Builder
	for b := a.Addr().Unmap().AsSlice(); len(b) > 0; b = b[4:] {
		fmt.Fprintf(&text, "%08X", binary.NativeEndian.Uint32(b))
	}
	fmt.Fprintf(&text, ":%04X", a.Port())
	return text.String()
}
