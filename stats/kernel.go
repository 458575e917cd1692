package stats

import "fmt"

// KernelCounter is a counter of the kernel's TCP that says why connections failed or were
// slow. Its String is its name in /proc/net/snmp or /proc/net/netstat, and its key in the
// result file.
type KernelCounter uint8

// The counters in the order of the report.
const (
	KernelListenOverflows KernelCounter = iota
	KernelListenDrops
	KernelReqQFullDrop
	KernelReqQFullDoCookies
	KernelSynRetrans
	KernelRetransSegs
	KernelAttemptFails
	KernelEstabResets
	KernelTimeWaitOverflow
	KernelAbortOnMemory

	NumKernelCounters = 10
)

// kernelRow describes a counter.
type kernelRow struct{ group, name, meaning string }

// kernelRows is the table of counters (Documentation/networking/snmp_counter.rst and
// net/ipv4/proc.c, Linux 6.18). A new one is a row.
var kernelRows = [NumKernelCounters]kernelRow{
	KernelListenOverflows:   {"TcpExt", "ListenOverflows", "connections met a full accept queue: slow accept(2), short backlog"},
	KernelListenDrops:       {"TcpExt", "ListenDrops", "SYNs or connections that a listening socket dropped"},
	KernelReqQFullDrop:      {"TcpExt", "TCPReqQFullDrop", "SYNs dropped: too many handshakes open (tcp_max_syn_backlog)"},
	KernelReqQFullDoCookies: {"TcpExt", "TCPReqQFullDoCookies", "SYNs answered with a cookie: too many handshakes open"},
	KernelSynRetrans:        {"TcpExt", "TCPSynRetrans", "SYNs or SYN-ACKs sent again: connect takes 1 s, 3 s or 7 s longer"},
	KernelRetransSegs:       {"Tcp", "RetransSegs", "segments sent again, SYNs too"},
	KernelAttemptFails:      {"Tcp", "AttemptFails", "connections that ended before they were established"},
	KernelEstabResets:       {"Tcp", "EstabResets", "established connections that were reset"},
	KernelTimeWaitOverflow:  {"TcpExt", "TCPTimeWaitOverflow", "connections without a place in TIME_WAIT (tcp_max_tw_buckets)"},
	KernelAbortOnMemory:     {"TcpExt", "TCPAbortOnMemory", "connections aborted for want of memory (tcp_mem)"},
}

// String returns the name of the counter, and "unknown" for a value out of range.
func (c KernelCounter) String() string {
	if int(c) < len(kernelRows) {
		return kernelRows[c].name
	}
	return "unknown"
}

// Group returns the word that the counter's lines begin with, Tcp or TcpExt.
func (c KernelCounter) Group() string { return kernelRows[c].group }

// Meaning returns what the counter counts, in at most 66 characters.
func (c KernelCounter) Meaning() string { return kernelRows[c].meaning }

// KernelResult is by how much the counters of the network namespace grew in the measured
// window. They count the connections of all its processes: those of a testee on this machine,
// and of others.
type KernelResult struct {
	Known  bool
	Counts [NumKernelCounters]uint64
}

// merge takes the larger count of each counter: runs at the same time on the same machine
// count the same events.
func (k *KernelResult) merge(o *KernelResult) {
	k.Known = k.Known && o.Known
	for c := range k.Counts {
		k.Counts[c] = max(k.Counts[c], o.Counts[c])
	}
	if !k.Known {
		*k = KernelResult{}
	}
}

// mergeKernel merges those of all results with a connection.
func mergeKernel(rs []*Result) (merged KernelResult) {
	first := true
	for _, r := range rs {
		switch {
		case r.Total == 0 && !r.Kernel.Known:
		case first:
			merged, first = r.Kernel, false
		default:
			merged.merge(&r.Kernel)
		}
	}
	return merged
}

func (r *Result) checkKernel() error {
	for c, n := range r.Kernel.Counts {
		if n > 0 && !r.Kernel.Known {
			return fmt.Errorf("%v is %d, but the kernel's counters are not known", KernelCounter(c), n)
		}
	}
	return nil
}
