package stats

// KernelCounter is a kind of event that the kernel counts for each network namespace
// (include/uapi/linux/snmp.h, Documentation/networking/snmp_counter.rst, Linux 6.18). To count
// another one, add a constant and its row.
type KernelCounter int

// The counters, in the order of the report.
const (
	ListenOverflows KernelCounter = iota
	ListenDrops
	TCPReqQFullDrop
	TCPReqQFullDoCookies
	SyncookiesSent
	SyncookiesFailed
	TCPSynRetrans
	RetransSegs
	TCPFastRetrans
	TCPLossProbeRecovery
	TCPLostRetransmit
	TCPTimeouts
	TCPAbortOnTimeout
	TCPAbortOnMemory
	TCPMemoryPressures
	TCPBacklogDrop
	PruneCalled
	RcvPruned
	InErrs
	IPReversePathFilter
	AttemptFails
	EstabResets
	TCPTimeWaitOverflow
	TW
	TWRecycled

	NumKernelCounters = iota
)

type kernelCounterRow struct {
	group, name string
	meaning     string // at most 64 characters: a line of the report has 100
	usual       bool   // happens in runs in which nothing is wrong
}

var kernelCounters = [NumKernelCounters]kernelCounterRow{
	ListenOverflows:      {"TcpExt", "ListenOverflows", "SYN or ACK dropped: the accept queue was full (listen backlog)", false},
	ListenDrops:          {"TcpExt", "ListenDrops", "SYN or ACK dropped by a listening socket, for whatever reason", false},
	TCPReqQFullDrop:      {"TcpExt", "TCPReqQFullDrop", "SYN dropped: the SYN queue was full, SYN cookies are off", false},
	TCPReqQFullDoCookies: {"TcpExt", "TCPReqQFullDoCookies", "SYN queue was full: answered with a SYN cookie", false},
	SyncookiesSent:       {"TcpExt", "SyncookiesSent", "SYN cookies sent", false},
	SyncookiesFailed:     {"TcpExt", "SyncookiesFailed", "ACK without a valid SYN cookie", false},
	TCPSynRetrans:        {"TcpExt", "TCPSynRetrans", "SYN or SYN-ACK sent again, a second after the first or later", false},
	RetransSegs:          {"Tcp", "RetransSegs", "segments sent again, SYNs too; a late ACK is enough for that", true},
	TCPFastRetrans:       {"TcpExt", "TCPFastRetrans", "segments lost, and sent again when later ones arrived", false},
	TCPLossProbeRecovery: {"TcpExt", "TCPLossProbeRecovery", "segments lost that had none after them, and sent again", false},
	TCPLostRetransmit:    {"TcpExt", "TCPLostRetransmit", "segments sent again, and lost again", false},
	TCPTimeouts:          {"TcpExt", "TCPTimeouts", "retransmission timers that expired", false},
	TCPAbortOnTimeout:    {"TcpExt", "TCPAbortOnTimeout", "connections given up after too many retransmissions", false},
	TCPAbortOnMemory:     {"TcpExt", "TCPAbortOnMemory", "connections reset: no TCP memory (net.ipv4.tcp_mem), or orphans", false},
	TCPMemoryPressures:   {"TcpExt", "TCPMemoryPressures", "times that TCP memory ran short (net.ipv4.tcp_mem)", false},
	TCPBacklogDrop:       {"TcpExt", "TCPBacklogDrop", "segments dropped: a socket in use had too many waiting", false},
	PruneCalled:          {"TcpExt", "PruneCalled", "times that a receive buffer was full", false},
	RcvPruned:            {"TcpExt", "RcvPruned", "segments dropped: a receive buffer was full", false},
	InErrs:               {"Tcp", "InErrs", "segments received with an error, such as a wrong checksum", false},
	IPReversePathFilter:  {"TcpExt", "IPReversePathFilter", "packets dropped: wrong interface for their source (rp_filter)", false},
	AttemptFails:         {"Tcp", "AttemptFails", "connections that ended before they were established", false},
	EstabResets:          {"Tcp", "EstabResets", "established connections that ended by RST", false},
	TCPTimeWaitOverflow:  {"TcpExt", "TCPTimeWaitOverflow", "no TIME_WAIT: too many (net.ipv4.tcp_max_tw_buckets)", false},
	TW:                   {"TcpExt", "TW", "connections that entered TIME_WAIT", true},
	TWRecycled:           {"TcpExt", "TWRecycled", "connections in TIME_WAIT that new ones replaced", true},
}

// Group returns the group of the counter under /proc/net: "Tcp" or "TcpExt".
func (c KernelCounter) Group() string { return kernelCounters[c].group }

// Name returns the kernel's name of the counter.
func (c KernelCounter) Name() string { return kernelCounters[c].name }

// Meaning says in a few words what is counted.
func (c KernelCounter) Meaning() string { return kernelCounters[c].meaning }

// Usual reports whether the counter grows in runs in which nothing is wrong.
func (c KernelCounter) Usual() bool { return kernelCounters[c].usual }
