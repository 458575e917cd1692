package engine

import (
	"fmt"
	"reflect"

	"wsperf/engine/host"
	"wsperf/stats"
)

// memoryOfConnection is what an open connection takes, in bytes, with a testee on the same
// machine and a page of its buffer in use, rounded up. Measured on Linux 6.18 on loopback,
// with 10000 connections in flight to a testee that holds its responses back:
//
//   - 4.2 kB in the kernel for the client's socket, file, inode and epoll entry
//     (memory.kmem.usage_in_bytes of a cgroup for the client alone, less that with 1000
//     connections, divided by 9000)
//   - 9.1 to 9.5 kB in the kernel for both ends (growth of Slab in /proc/meminfo)
//   - 0.4 kB of the client's own, 4.4 kB if half of each response has come and is in a buffer
//     (RssAnon in /proc/PID/status, less that with 1000 connections, divided by 9000)
//
// Together that is 14 kB, or 9 kB if the testee is elsewhere.
const memoryOfConnection = 16 << 10

// memoryOfTLS is what a connection takes besides in the middle of its TLS handshake, in bytes: 27 kB with X25519, and 49 kB with
// X25519MLKEM768, rounded up (bench/hostile stalls there, TestStalledMemory a little sooner).
const memoryOfTLS = 50 << 10

func memoryOfEach(cfg *Config) int64 {
	if cfg.TLS != nil {
		return memoryOfConnection + memoryOfTLS
	}
	return memoryOfConnection
}

// memoryOfLoop is what a loop takes besides its connections, in bytes, rounded up: 12 histograms of
// 148 kB, its inbox and a thread.
const memoryOfLoop = 2 << 20

// memoryOfRecord is what a record of the connection log takes, in bytes.
const memoryOfRecord = 16

// spareAddressSpace is what the Go runtime may map beyond what it uses, in bytes: a heap arena
// (64 MiB, heapArenaBytes in runtime/malloc.go, Go 1.26), and as much for threads and for what
// is allocated after the run. Without it, the runtime ends the process where an allocation fails.
const spareAddressSpace = 128 << 20

// deferredStarts is how many slots there are beyond the ports: a start that waits for a port
// has a slot.
const deferredStarts = 1024

// openLimit is how many connections can be open at once, by one of several limits.
type openLimit struct {
	connections int64
	by          stats.OpenLimit
}

// maxOpen returns the lowest limit of simultaneous connections: descriptors, local ports for
// each source, memory. Where descriptors are unlimited (2^30 in some containers), tables of
// that size would not fit the memory.
func maxOpen(cfg *Config, f *facts) openLimit {
	ports := int64(portsTo(cfg, f)) + deferredStarts
	return memoryLimit(cfg, f, openLimit{int64(f.maxOpen), stats.LimitDescriptors}.or(ports, stats.LimitPorts))
}

// or returns the lower of two limits.
func (o openLimit) or(connections int64, by stats.OpenLimit) openLimit {
	if connections < o.connections {
		return openLimit{connections, by}
	}
	return o
}

// memoryLimit returns the lowest of a limit and those of memory that are known.
func memoryLimit(cfg *Config, f *facts, lowest openLimit) openLimit {
	for _, m := range []struct {
		left, besides, each int64
		by                  stats.OpenLimit
	}{
		{f.Memory.Machine, memoryOfLoops(cfg), memoryOfEach(cfg), stats.LimitMemory},
		{f.Memory.Cgroup, memoryOfLoops(cfg), memoryOfEach(cfg), stats.LimitCgroup},
		{f.Memory.AddressSpace, addressesBesides(cfg), addressesOfConnection(cfg), stats.LimitAddressSpace},
	} {
		if m.left != host.Unknown {
			lowest = lowest.or(max(0, m.left-m.besides)/m.each, m.by)
		}
	}
	return lowest
}

func memoryOfLoops(cfg *Config) int64 { return int64(cfg.Loops) * memoryOfLoop }

// addressesBesides is what the run takes of the address space besides its connections, in
// bytes. A connection log of known length must fit.
func addressesBesides(cfg *Config) int64 {
	n := spareAddressSpace + memoryOfLoops(cfg)
	if cfg.Log {
		n += min(cfg.Connections, 1<<50) * memoryOfRecord // min keeps a huge number from overflowing
	}
	return n
}

// addressesOfConnection is what a connection takes of the address space, in bytes: a slot,
// a buffer, and an entry in the free list of each. It is taken when the run is prepared.
func addressesOfConnection(cfg *Config) int64 {
	return int64(reflect.TypeFor[slot]().Size()) + int64(cfg.Rules.MaxBytes) + 8
}

// checkAddressSpace fails if the limit of the address space leaves too little for one
// connection in each loop. The Go runtime would end the process with a dump.
func checkAddressSpace(cfg *Config, f *facts) error {
	left := f.Memory.AddressSpace
	need := addressesBesides(cfg) + int64(cfg.Loops)*addressesOfConnection(cfg)
	if left == host.Unknown || left >= need {
		return nil
	}
	return fmt.Errorf("address space limit leaves %d MB, the run needs %d MB: raise it (ulimit -v)", left>>20, (need+1<<20-1)>>20)
}
