package engine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// noBuffer marks a slot without a buffer.
const noBuffer int32 = -1

// buffers is a loop's slab of fixed-size buffers, one for each slot at most, for
// responses that arrive in pieces and frames that the socket did not take. It is
// address space only: a page costs memory when it is first written. The buffer given
// back last is taken first, so memory grows with the number of buffers in use at once.
type buffers struct {
	slab []byte
	size int     // of a buffer, in bytes
	used int32   // buffers that were ever taken
	free []int32 // stack of those given back
}

// newBuffers maps count buffers of size bytes. The slab lies outside of the Go heap
// (mmap(2)), so the garbage collector does not account for it. Huge pages are off:
// with them, one buffer would cost 2 MiB of memory.
func newBuffers(count, size int) (*buffers, error) {
	slab, err := unix.Mmap(-1, 0, count*size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("map %d buffers of %d bytes: %w: raise the address space limit (ulimit -v), or set vm.overcommit_memory to 0", count, size, err)
	}
	// EINVAL: the kernel has no transparent huge pages (madvise(2)).
	_ = unix.Madvise(slab, unix.MADV_NOHUGEPAGE)
	return &buffers{slab: slab, size: size, free: make([]int32, 0, count)}, nil
}

func (b *buffers) close() { _ = unix.Munmap(b.slab) }

// take returns the index of an unused buffer. There is always one: there are as many
// buffers as slots, and a slot holds one at most.
func (b *buffers) take() int32 {
	if n := len(b.free); n > 0 {
		i := b.free[n-1]
		b.free = b.free[:n-1]
		return i
	}
	b.used++
	return b.used - 1
}

func (b *buffers) give(i int32) { b.free = append(b.free, i) }

func (b *buffers) bytes(i int32) []byte {
	at := int(i) * b.size
	return b.slab[at : at+b.size : at+b.size]
}

// incoming returns what the slot holds of a response that is not whole, or nil.
func (l *loop) incoming(s *slot) []byte {
	if s.state == stateOpening && s.buffer != noBuffer {
		return l.buffers.bytes(s.buffer)[:s.held]
	}
	return nil
}

// space is where to read into: behind what the slot holds of its response, or the
// loop's inbox if it holds nothing.
func (l *loop) space(s *slot) []byte {
	if held := l.incoming(s); held != nil {
		return held[len(held):cap(held)]
	}
	return l.inbox
}

// hold keeps bytes in a buffer of the slot: a response that is not whole, which is
// shorter than a buffer because the parser refuses a longer one, or what the socket
// did not take of our last frames.
func (l *loop) hold(s *slot, b []byte) {
	if s.buffer != noBuffer {
		return // they are there already
	}
	s.buffer = l.buffers.take()
	s.held = uint16(copy(l.buffers.bytes(s.buffer), b))
}

// drop gives the slot's buffer back.
func (l *loop) drop(s *slot) {
	if s.buffer != noBuffer {
		l.buffers.give(s.buffer)
		s.buffer, s.held = noBuffer, 0
	}
}
