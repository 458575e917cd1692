package engine

import (
	"wsperf/engine/host"
	"wsperf/stats"
)

// kernelEvidence is the observer of what the kernel counts for the network namespace of the
// process. It keeps up to three descriptors, of those that connections leave
// (host.RaiseFDLimit), until it ends.
type kernelEvidence struct {
	sockets host.SocketCounters
	queues  *host.AcceptQueues // nil: the testee is not on this machine
	before  stats.KernelCounts
	seen    stats.KernelResult
}

func (r *Run) kernelEvidence() *kernelEvidence {
	k := &kernelEvidence{sockets: host.OpenSocketCounters()}
	if r.beside {
		k.queues = host.OpenAcceptQueues(r.cfg.Addr)
	}
	k.seen = stats.KernelResult{Machine: host.BootID(), Namespace: host.NetworkNamespace(), SYNLinearTimeouts: host.SYNLinearTimeouts()}
	k.seen.Conntrack.Max = max(0, host.MaxTracked())
	return k
}

func (k *kernelEvidence) begin() {
	k.sample()
	k.before = kernelCounts()
}

func (k *kernelEvidence) sample() {
	now := k.sockets.Read()
	s := &k.seen.Sockets
	s.TimeWait, s.Orphans, s.MemoryPages = max(s.TimeWait, now.TimeWait), max(s.Orphans, now.Orphans), max(s.MemoryPages, now.Memory)
	k.seen.Conntrack.Most = max(k.seen.Conntrack.Most, now.Tracked)
	if k.queues == nil {
		return
	}
	if l, ok := k.queues.Longest(); ok {
		q := &k.seen.AcceptQueue
		q.Longest, q.Last, q.Backlog = max(q.Longest, int64(l.Queue)), int64(l.Queue), int64(l.Backlog)
	}
}

func (k *kernelEvidence) end() {
	after := kernelCounts()
	for c := range after {
		k.seen.Counters[c] = max(0, after[c]-k.before[c])
	}
	k.sample()
	k.sockets.Close()
	if k.queues != nil {
		k.queues.Close()
	}
}

func (k *kernelEvidence) fill(r *stats.Result) { r.Kernel = []stats.KernelResult{k.seen} }

// kernelCounts reads the counters of this network namespace.
func kernelCounts() (counts stats.KernelCounts) {
	type key struct{ group, name string }
	known := make(map[key]stats.KernelCounter, len(counts))
	for c := range stats.KernelCounter(len(counts)) {
		known[key{c.Group(), c.Name()}] = c
	}
	host.EachNetCounter(func(group, name string, n int64) {
		if c, found := known[key{group, name}]; found {
			counts[c] = n
		}
	})
	return counts
}
