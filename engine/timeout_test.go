package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTimeoutsAgainstList arms and disarms slots at random, and compares the queue with a
// plain list after each step.
func TestTimeoutsAgainstList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table := newSlots(50).all
	queue := newTimeouts(10)
	var want []int32 // armed slots, oldest first
	for step := range 20000 {
		i := int32(random.IntN(len(table)))
		if at := slices.Index(want, i); at >= 0 {
			queue.disarm(table, i)
			want = slices.Delete(want, at, at+1)
		} else {
			queue.arm(table, i, int64(step))
			want = append(want, i)
		}
		if got := armed(queue, table); !slices.Equal(got, want) {
			t.Fatalf("step %d: queue %v, want %v", step, got, want)
		}
	}
}

func armed(q timeouts, table []slot) (list []int32) {
	for i := q.first; i != noSlot; i = table[i].next {
		list = append(list, i)
	}
	return list
}

func TestTimeoutsExpireInOrder(t *testing.T) {
	table := newSlots(3).all
	queue := newTimeouts(100)
	queue.arm(table, 2, 1)
	queue.arm(table, 0, 5)
	if got := queue.nextNs(table, never); got != 101 {
		t.Errorf("next deadline %d, want 101", got)
	}
	if got := queue.nextNs(table, 50); got != 50 {
		t.Errorf("next deadline %d, want 50, that of another queue", got)
	}
	for _, step := range []struct {
		nowNs int64
		want  int32
	}{{100, noSlot}, {101, 2}, {104, noSlot}, {200, 0}, {200, noSlot}} {
		got := queue.expired(table, step.nowNs)
		if got != step.want {
			t.Fatalf("expired at %d: slot %d, want %d", step.nowNs, got, step.want)
		}
		if got != noSlot {
			queue.disarm(table, got)
		}
	}
	if got := queue.nextNs(table, never); got != never {
		t.Errorf("next deadline of an empty queue %d, want none", got)
	}
}
