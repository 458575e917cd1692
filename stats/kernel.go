package stats

import (
	"encoding/json"
	"fmt"
)

// Bounds of what a result file may say of kernels and machines.
const (
	MaxPlaces  = MaxParts // kernels, and machines
	maxIDBytes = 64
)

// KernelResult is what the kernel of one network namespace counted in the measured window,
// for every program in it. The struct tag merge is how two of the same namespace are merged;
// without it, numbers are added if the windows did not overlap, and otherwise the larger one
// is kept, because both saw the same events.
type KernelResult struct {
	Machine     string            `json:"machine" merge:"common"`           // its boot_id (random(4))
	Namespace   uint64            `json:"network_namespace" merge:"common"` // its inode (namespaces(7))
	Counters    KernelCounts      `json:"counters"`
	AcceptQueue AcceptQueueResult `json:"accept_queue,omitzero" merge:"max"` // missing if the testee's socket is not in this namespace
	Conntrack   ConntrackResult   `json:"conntrack,omitzero" merge:"max"`    // missing if the kernel tracks no connections
	Sockets     SocketsResult     `json:"sockets" merge:"max"`

	// SYNLinearTimeouts is net.ipv4.tcp_syn_linear_timeouts, which says when a lost SYN is sent
	// again (LostSYNs).
	SYNLinearTimeouts int `json:"syn_linear_timeouts" merge:"common"`
}

// AcceptQueueResult is how many connections waited for the testee to accept them. Of several
// sockets that listen for it, it is about the one with the longest queue.
type AcceptQueueResult struct {
	Longest int64 `json:"longest"` // of all samples; a full queue has one more than Backlog
	Last    int64 `json:"last"`    // at the end of the window
	Backlog int64 `json:"backlog"` // as listen(2) set it
}

// Full reports whether the queue was full at a sample. Between samples it may have been full
// too: ListenOverflows counts all that it refused.
func (q AcceptQueueResult) Full() bool { return q.Longest > 0 && q.Longest > q.Backlog }

// ConntrackResult is how full the table of the packet filter was.
type ConntrackResult struct {
	Most int64 `json:"most"` // connections at the fullest sample
	Max  int64 `json:"max"`  // that the table holds; packets of more are dropped
}

// conntrackNearlyFull is the share of the table above which the kernel looks for entries to
// drop (net/netfilter/nf_conntrack_core.c, gc_worker: 95 %).
const conntrackNearlyFull = 0.95

// NearlyFull reports whether the table was so full that the kernel may have dropped entries.
func (c ConntrackResult) NearlyFull() bool {
	return c.Max > 0 && float64(c.Most) > conntrackNearlyFull*float64(c.Max)
}

// SocketsResult is the most that existed at a sample (sockstat, proc_net(5)).
type SocketsResult struct {
	TimeWait    int64 `json:"time_wait"` // connections in TIME_WAIT, of either end
	Orphans     int64 `json:"orphans"`   // connections that their program has closed and the kernel has not
	MemoryPages int64 `json:"memory_pages"`
}

// KernelCounts is the number of events by counter. In JSON it is an object with the
// counters that are not zero.
type KernelCounts [NumKernelCounters]int64

// MarshalJSON implements json.Marshaler.
func (k KernelCounts) MarshalJSON() ([]byte, error) {
	counts := make(map[string]int64)
	for c, n := range k {
		if n != 0 {
			counts[KernelCounter(c).Name()] = n
		}
	}
	return json.Marshal(counts)
}

// UnmarshalJSON implements json.Unmarshaler. Counters of a later version are skipped.
func (k *KernelCounts) UnmarshalJSON(text []byte) error {
	var counts map[string]int64
	if err := json.Unmarshal(text, &counts); err != nil {
		return err
	}
	for c := range k {
		k[c] = counts[KernelCounter(c).Name()]
	}
	return nil
}

// KernelCount returns the number of events of a counter in all network namespaces of the
// result. known is false if the result has no evidence of a kernel.
func (r *Result) KernelCount(c KernelCounter) (n int64, known bool) {
	for i := range r.Kernel {
		n += r.Kernel[i].Counters[c]
	}
	return n, len(r.Kernel) > 0
}

// place is where a kernel counts.
type place struct {
	machine   string
	namespace uint64
}

func (k *KernelResult) place() place { return place{k.Machine, k.Namespace} }

// addKernels adds the evidence of another result by one of the rules sum and max.
func (s *Sum) addKernels(other *Result, rule string) {
	for i := range other.Kernel {
		k := &other.Kernel[i]
		if at, found := s.kernelAt[k.place()]; found {
			merge(&s.res.Kernel[at], k, rule)
			continue
		}
		s.kernelAt[k.place()] = len(s.res.Kernel)
		s.res.Kernel = append(s.res.Kernel, *k)
	}
}

func (r *Result) checkKernels() error {
	if n := len(r.Kernel); n > MaxPlaces {
		return fmt.Errorf("%d kernels, at most %d are allowed", n, MaxPlaces)
	}
	seen := make(map[place]bool)
	for i, k := range r.Kernel {
		at := k.place()
		if !printableASCII(k.Machine, maxIDBytes) || seen[at] {
			return fmt.Errorf("kernel %d: machine and network namespace must be its own, and printable ASCII of at most %d characters", i, maxIDBytes)
		}
		seen[at] = true
	}
	return nil
}
