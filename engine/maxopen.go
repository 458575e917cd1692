package engine

import "wsperf/engine/host"

// memoryOfConnection is a generous estimate of what an open connection takes, in bytes: its
// slot and a page of its buffer here, and socket, file and inode in the kernel, which are
// there twice if the testee is on this machine.
const memoryOfConnection = 16 << 10

// deferredStarts is how many slots there are beyond the ports: a start that waits for a port
// has a slot.
const deferredStarts = 1024

// maxOpen returns how many connections can be open at once: as many as there are descriptors,
// local ports for each source, and memory. Where descriptors are unlimited (2^30 in some
// containers), tables of that size would not fit the memory.
func maxOpen(descriptors, ports, sources int, memoryBytes int64) int {
	n := min(int64(descriptors), int64(ports)*int64(max(1, sources))+deferredStarts)
	if memoryBytes != host.Unknown {
		n = min(n, memoryBytes/memoryOfConnection)
	}
	return int(n)
}
