package engine

import (
	"testing"
	"unsafe"
)

// TestSlotSize keeps the promise that one more connection in flight costs at
// most 1 KB, with its share of the free list and of the buffers' free list.
func TestSlotSize(t *testing.T) {
	if size := unsafe.Sizeof(slot{}) + 8; size > 1024 {
		t.Errorf("a slot is %d bytes, want at most 1024", size)
	}
}

// TestSlotLines holds the slot to its lines of the cache: the first one has all
// that every event looks at, and three have all that most connections need.
func TestSlotLines(t *testing.T) {
	const line = 64
	var s slot
	if at := unsafe.Offsetof(s.sample); at != line {
		t.Errorf("the first line ends at %d", at)
	}
	if at := unsafe.Offsetof(s.frames); at > 3*line-28 { // 28 bytes of a FrameReader come before the payload
		t.Errorf("the frame reader begins at %d, and the third line ends at %d", at, 3*line)
	}
	if unsafe.Sizeof(s)%line != 0 {
		t.Errorf("a slot is %d bytes, no multiple of a line", unsafe.Sizeof(s))
	}
}

func TestSlotsAreReused(t *testing.T) {
	table := newSlots(2)
	a, b := table.take(), table.take()
	if a.index == b.index || table.open() != 2 {
		t.Fatalf("two taken of two: indexes %d %d, open %d", a.index, b.index, table.open())
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
			t.Fatalf("buffer %d: length %d, capacity %d", index, len(b), cap(b))
		}
		for j := range b {
			b[j] = byte(i)
		}
	}
	for i, index := range taken {
		if b := pool.bytes(index); b[0] != byte(i) || b[4095] != byte(i) {
			t.Fatalf("buffer %d was written by another", index)
		}
	}
	pool.give(taken[1])
	if again := pool.take(); again != taken[1] {
		t.Errorf("took %d, want %d, which was given back last", again, taken[1])
	}
}
