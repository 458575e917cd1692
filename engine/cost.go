package engine

import (
	"math"
	"runtime"
	"runtime/debug"
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

// quietRuntime prepares the Go runtime for a measured window: it turns garbage
// collection off, and provides a P for each loop and one for other goroutines, so
// that no loop waits for another. restore undoes that.
func quietRuntime(loops int) (restore func()) {
	procs := runtime.GOMAXPROCS(0)
	if procs < loops+1 {
		runtime.GOMAXPROCS(loops + 1)
	}
	startThreads(loops + 2)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(math.MaxInt64)
	debug.SetMemoryLimit(min(limit, int64(m.Sys)+headroom(host.ReadMemory())))
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
		runtime.GOMAXPROCS(procs)
	}
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
	usage  unix.Rusage
	memory runtime.MemStats
}

// read stops the world for some microseconds, so it must not be called within the
// window. runtime.ReadMemStats counts every object; runtime/metrics would miss the
// last few hundred of each size.
func (m *meter) read() stats.ClientCost {
	runtime.ReadMemStats(&m.memory)
	// getrusage(2) fails only for a wrong first argument.
	_ = unix.Getrusage(unix.RUSAGE_SELF, &m.usage)
	return stats.ClientCost{
		UserUs: us(m.usage.Utime), SystemUs: us(m.usage.Stime),
		VoluntarySwitches: m.usage.Nvcsw, InvoluntarySwitches: m.usage.Nivcsw,
		PeakMemoryBytes: m.usage.Maxrss * 1024, // getrusage(2): kilobytes
		Allocations:     m.memory.Mallocs,
		Collections:     uint64(m.memory.NumGC),
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
