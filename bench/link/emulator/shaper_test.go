package emulator

import (
	"math"
	"slices"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

func TestDelayIsExact(t *testing.T) {
	s := newShaper(Config{Delay: 20 * time.Millisecond}.withDefaults(), 0)
	for _, nowNs := range []int64{0, 1, 5 * ms} {
		if fate, due := s.admit(nowNs, 1500); fate != Delivered || due != nowNs+20*ms {
			t.Errorf("at %d: %v at %d, want delivered 20 ms later", nowNs, fate, due)
		}
	}
}

// TestJitterKeepsOrder: delays vary within their bounds, and no packet overtakes another.
func TestJitterKeepsOrder(t *testing.T) {
	s := newShaper(Config{Delay: 10 * time.Millisecond, Jitter: 4 * time.Millisecond}.withDefaults(), 0)
	var last, least, most int64 = 0, math.MaxInt64, 0
	for n := range int64(10000) {
		nowNs := n * 10 * ms
		_, due := s.admit(nowNs, 100)
		least, most = min(least, due-nowNs), max(most, due-nowNs)
		if _, second := s.admit(nowNs, 100); second < due || due < last {
			t.Fatalf("packet %d is due at %d, the next one at %d, the one before at %d", n, due, second, last)
		}
		last = due
	}
	if least < 6*ms || least > 6*ms+ms/10 || most > 14*ms || most < 14*ms-ms/10 {
		t.Errorf("delays %d to %d ns, want 6 to 14 ms and both ends reached", least, most)
	}
}

// TestLossIsThatOfTheSeed: the same packets are lost with the same seed, as many as asked
// for, and others in the other direction.
func TestLossIsThatOfTheSeed(t *testing.T) {
	const packets, loss = 100000, 0.01
	lost := func(seed, direction uint64) (which []int) {
		s := newShaper(Config{Loss: loss, Seed: seed}.withDefaults(), direction)
		for n := range packets {
			if fate, _ := s.admit(0, 100); fate == Lost {
				which = append(which, n)
			}
		}
		return which
	}
	first := lost(1, 0)
	if n := float64(len(first)); math.Abs(n-packets*loss) > 5*math.Sqrt(packets*loss) {
		t.Errorf("%v of %d packets lost, want about %v", n, packets, packets*loss)
	}
	if !slices.Equal(first, lost(1, 0)) || slices.Equal(first, lost(2, 0)) || slices.Equal(first, lost(1, 1)) {
		t.Error("want the same packets lost with the same seed and direction, and others with another")
	}
}

// TestReorder: a packet that overtakes has no delay, and does not hurry the others.
func TestReorder(t *testing.T) {
	s := newShaper(Config{Delay: 10 * time.Millisecond, Reorder: 0.1}.withDefaults(), 0)
	overtook := 0
	for n := range int64(10000) {
		switch _, due := s.admit(n, 100); due - n {
		case 0:
			overtook++
		case 10 * ms:
		default:
			t.Fatalf("packet %d is due after %d ns, want 0 or 10 ms", n, due-n)
		}
	}
	if overtook < 850 || overtook > 1150 {
		t.Errorf("%d of 10000 packets overtook, want about 1000", overtook)
	}
}

// TestRate: at 10 Mbit/s a packet of 1250 bytes takes a millisecond, and the queue is as
// long as it was told.
func TestRate(t *testing.T) {
	s := newShaper(Config{Delay: 5 * time.Millisecond, Rate: 10e6, Queue: 5000}.withDefaults(), 0)
	for i, want := range []int64{6 * ms, 7 * ms, 8 * ms, 9 * ms} {
		if fate, due := s.admit(0, 1250); fate != Delivered || due != want {
			t.Errorf("packet %d: %v at %d, want delivered at %d", i, fate, due, want)
		}
	}
	if fate, _ := s.admit(0, 1250); fate != Overflow {
		t.Errorf("packet 4: %v, want overflow", fate)
	}
	if fate, due := s.admit(ms, 1250); fate != Delivered || due != 10*ms {
		t.Errorf("a millisecond later: %v at %d, want delivered at %d", fate, due, 10*ms)
	}
	if fate, due := s.admit(100*ms, 1250); fate != Delivered || due != 106*ms {
		t.Errorf("after a pause: %v at %d, want delivered at %d", fate, due, 106*ms)
	}
}

func TestTransitOrder(t *testing.T) {
	var q transit
	for i, due := range []int64{30, 10, 20, 10} {
		q.add(inTransit{dueNs: due, record: i})
	}
	var order []int
	for _, now := range []int64{9, 10, 25, 30} {
		for p, ok := q.due(now); ok; p, ok = q.due(now) {
			order = append(order, p.record)
		}
	}
	if !slices.Equal(order, []int{1, 3, 2, 0}) {
		t.Errorf("order %v, want 1 3 2 0", order)
	}
	if _, any := q.nextNs(); any {
		t.Error("a packet is left")
	}
}
