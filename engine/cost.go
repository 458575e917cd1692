package engine

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

// memoryHeadroom is how much memory may grow during a run at most, in bytes, before garbage
// is collected after all. The loops allocate nothing; only a connection log of unknown
// length grows.
const memoryHeadroom = 2 << 30

// headroom returns memoryHeadroom, or half of what is left if that is less.
func headroom(m host.Memory) int64 {
	n := int64(memoryHeadroom)
	for _, left := range []int64{m.Machine, m.Cgroup, m.AddressSpace} {
		if left != host.Unknown {
			n = min(n, left/2)
		}
	}
	return n
}

// prepareRuntime prepares the Go runtime for a measured window. restore undoes that.
func (r *Run) prepareRuntime() (restore func()) {
	leave := provideProcs(len(r.loops))
	runtime.GC()
	collect := quietRuntime
	if r.cfg.TLS != nil {
		collect = tlsRuntime
	}
	again := collect()
	return func() {
		again()
		leave()
	}
}

// provideProcs provides a P for each loop and one for other goroutines, so that no loop waits for another.
func provideProcs(loops int) (restore func()) {
	procs := runtime.GOMAXPROCS(0)
	if procs < loops+1 {
		runtime.GOMAXPROCS(loops + 1)
	}
	startThreads(loops + 2)
	return func() { runtime.GOMAXPROCS(procs) }
}

// quietRuntime turns garbage collection off.
func quietRuntime() (restore func()) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(math.MaxInt64)
	debug.SetMemoryLimit(min(limit, int64(m.Sys)+headroom(host.ReadMemory())))
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}

// tlsCollectPercent is how much the heap grows between collections with TLS, in percent of what is live. crypto/tls
// allocates some 40 KB per handshake. Without collections that is fresh memory each time, whose page faults cost 1.5 times as much as
// collecting does; with less room, there are more collections (measured with 100 to 1600).
const tlsCollectPercent = 400

// tlsRuntime has garbage collected.
func tlsRuntime() (restore func()) {
	percent := debug.SetGCPercent(tlsCollectPercent)
	return func() { debug.SetGCPercent(percent) }
}

// startThreads has the Go runtime start that many threads. They stay idle afterwards,
// so that it starts none in the measured window: each takes some allocations.
func startThreads(n int) {
	var started, ended sync.WaitGroup
	started.Add(n)
	for range n {
		ended.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			started.Done()
			started.Wait()
		})
	}
	ended.Wait()
}

// meter reads the costs of the process so far. It reads into its own fields, so that
// it does not allocate.
type meter struct {
	usage     unix.Rusage
	memory    runtime.MemStats
	collected [1]metrics.Sample
}

// gcCPU is the CPU time of garbage collection, in seconds, as of the end of the latest one (runtime/metrics).
const gcCPU = "/cpu/classes/gc/total:cpu-seconds"

// read stops the world for some microseconds, so it must not be called within the
// window. runtime.ReadMemStats counts every object; runtime/metrics would miss the
// last few hundred of each size.
func (m *meter) read() stats.ClientCost {
	m.collected[0].Name = gcCPU
	metrics.Read(m.collected[:]) // the first call allocates: before objects are counted
	runtime.ReadMemStats(&m.memory)
	// getrusage(2) fails only for a wrong first argument.
	_ = unix.Getrusage(unix.RUSAGE_SELF, &m.usage)
	return stats.ClientCost{
		UserUs: us(m.usage.Utime), SystemUs: us(m.usage.Stime),
		VoluntarySwitches: m.usage.Nvcsw, InvoluntarySwitches: m.usage.Nivcsw,
		PeakMemoryBytes: m.usage.Maxrss * 1024, // getrusage(2): kilobytes
		Allocations:     m.memory.Mallocs,
		Collections:     uint64(m.memory.NumGC),

		CollectionPauseUs: int64(m.memory.PauseTotalNs / 1e3),
		CollectionCPUUs:   int64(m.collected[0].Value.Float64() * 1e6),
	}
}

// costBetween returns the cost of a window. The peak of memory is that of the process
// since its start: the kernel keeps no other.
func costBetween(before, after stats.ClientCost) stats.ClientCost {
	return stats.ClientCost{
		UserUs:              after.UserUs - before.UserUs,
		SystemUs:            after.SystemUs - before.SystemUs,
		VoluntarySwitches:   after.VoluntarySwitches - before.VoluntarySwitches,
		InvoluntarySwitches: after.InvoluntarySwitches - before.InvoluntarySwitches,
		PeakMemoryBytes:     after.PeakMemoryBytes,
		Allocations:         after.Allocations - before.Allocations,
		Collections:         after.Collections - before.Collections,
		CollectionPauseUs:   after.CollectionPauseUs - before.CollectionPauseUs,
		CollectionCPUUs:     after.CollectionCPUUs - before.CollectionCPUUs,
	}
}

// threadCPUUs returns the CPU time of the calling thread in microseconds, user and
// system (getrusage(2), RUSAGE_THREAD).
func threadCPUUs() int64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &u)
	return us(u.Utime) + us(u.Stime)
}

func us(t unix.Timeval) int64 { return t.Sec*1e6 + t.Usec }
