package engine

import (
	"wsperf/engine/host"
	"wsperf/stats"
)

// kernelCounts is the observer of the counters of the kernel's TCP.
type kernelCounts struct{ before, after host.NetCounters }

func (k *kernelCounts) begin()  { k.before = host.ReadNetCounters() }
func (k *kernelCounts) sample() {}
func (k *kernelCounts) end()    { k.after = host.ReadNetCounters() }

// fill compares the counters. One that the kernel has not, or that became smaller, as it can
// in another network namespace, has not grown.
func (k *kernelCounts) fill(r *stats.Result) {
	r.Kernel = stats.KernelResult{Known: len(k.before) > 0 && len(k.after) > 0}
	if !r.Kernel.Known {
		return
	}
	for c := range stats.KernelCounter(stats.NumKernelCounters) {
		before, after := k.before[c.Group()][c.String()], k.after[c.Group()][c.String()]
		r.Kernel.Counts[c] = after - min(before, after)
	}
}
