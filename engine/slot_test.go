package engine

import (
	"testing"
	"unsafe"
)

// TestSlotSize: a connection costs at most 1 KB, with its entries in the free lists of
// slots and buffers (4 bytes each).
func TestSlotSize(t *testing.T) {
	if size := unsafe.Sizeof(slot{}) + 8; size > 1024 {
		t.Errorf("a slot with its free list entries has %d bytes, want at most 1024", size)
	}
}

// TestSlotLines checks the layout of a slot in cache lines: the fields that every event
// uses are in the first, and those that most connections use in the first three.
func TestSlotLines(t *testing.T) {
	const line = 64
	var s slot
	if at := unsafe.Offsetof(s.sample); at != line {
		t.Errorf("the fields of the first line end at %d, want %d", at, line)
	}
	if at := unsafe.Offsetof(s.frames); at > 3*line-28 { // 28 bytes of a FrameReader come before the payload
		t.Errorf("the frame reader begins at %d, want at most %d", at, 3*line-28)
	}
	if unsafe.Sizeof(s)%line != 0 {
		t.Errorf("a slot has %d bytes, want a multiple of %d", unsafe.Sizeof(s), line)
	}
	for _, count := range []int{100, 10000} {
		table := newSlots(count)
		if over := uintptr(unsafe.Pointer(&table.all[0])) % line; over != 0 {
			t.Errorf("a table of %d slots begins %d bytes into a line, want 0", count, over)
		}
	}
}

func TestSlotsAreReused(t *testing.T) {
	table := newSlots(2)
	a, b := table.take(), table.take()
	if a.index == b.index || table.open() != 2 {
		t.Fatalf("took slots %d and %d, %d open; want different ones, 2 open", a.index, b.index, table.open())
	}
	if a.fd != noFD {
		t.Fatalf("a new slot has the socket %d", a.fd)
	}
	a.fd = 1000 // kept for the next connection
	table.release(a)
	if again := table.take(); again != a || again.fd != 1000 {
		t.Fatal("the released slot is not reused, or has lost its socket")
	}
}

func TestBuffersDoNotOverlap(t *testing.T) {
	pool, err := newBuffers(3, 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.close()
	taken := []int32{pool.take(), pool.take(), pool.take()}
	for i, index := range taken {
		b := pool.bytes(index)
		if len(b) != 4096 || cap(b) != 4096 {
			t.Fatalf("buffer %d: length %d, capacity %d, want 4096", index, len(b), cap(b))
		}
		for j := range b {
			b[j] = byte(i)
		}
	}
	for i, index := range taken {
		if b := pool.bytes(index); b[0] != byte(i) || b[4095] != byte(i) {
			t.Fatalf("buffer %d overlaps another", index)
		}
	}
	pool.give(taken[1])
	if again := pool.take(); again != taken[1] {
		t.Errorf("took %d, want %d, which was given back last", again, taken[1])
	}
}
