package emulator

import "container/heap"

// inTransit is a packet on its way.
type inTransit struct {
	packet []byte
	to     *direction
	record int // index of its Packet, noRecord: not recorded
	dueNs  int64
	number uint64 // in order of arrival
}

// transit is the packets on their way: the one that is due first is taken first, and of
// those that are due at the same time the one that came first.
type transit struct {
	packets packetHeap
	count   uint64 // packets ever
}

func (t *transit) add(p inTransit) {
	p.number = t.count
	t.count++
	heap.Push(&t.packets, p)
}

// nextNs returns when the next packet is due; false: there is none.
func (t *transit) nextNs() (int64, bool) {
	if len(t.packets) == 0 {
		return 0, false
	}
	return t.packets[0].dueNs, true
}

// due takes the next packet if it is due.
func (t *transit) due(nowNs int64) (p inTransit, ok bool) {
	if next, any := t.nextNs(); !any || next > nowNs {
		return p, false
	}
	return heap.Pop(&t.packets).(inTransit), true
}

// packetHeap implements heap.Interface.
type packetHeap []inTransit

func (h packetHeap) Len() int      { return len(h) }
func (h packetHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h packetHeap) Less(i, j int) bool {
	if h[i].dueNs != h[j].dueNs {
		return h[i].dueNs < h[j].dueNs
	}
	return h[i].number < h[j].number
}
func (h *packetHeap) Push(p any) { *h = append(*h, p.(inTransit)) }
func (h *packetHeap) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = inTransit{}
	*h = old[:len(old)-1]
	return p
}
