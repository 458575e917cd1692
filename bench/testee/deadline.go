package testee

// A queue holds connections that wait for the same time at most, the one that
// has waited longest first. Time is counted in ticks of the loop. Connections
// leave from anywhere: it is a list that is linked through them.
type queue struct {
	wait        uint64 // ticks, 1 or more
	first, last *peer
}

// links is a peer's place in a queue; in is nil when it is in none.
type links struct {
	in         *queue
	prev, next *peer
	due        uint64 // tick
}

// add puts a peer that is in no queue at the end.
func (q *queue) add(p *peer, now uint64) {
	p.links = links{in: q, prev: q.last, due: now + q.wait}
	if q.last == nil {
		q.first = p
	} else {
		q.last.links.next = p
	}
	q.last = p
}

// leave takes the peer out of the queue it is in, if any.
func (p *peer) leave() {
	q, l := p.links.in, p.links
	if q == nil {
		return
	}
	if l.prev == nil {
		q.first = l.next
	} else {
		l.prev.links.next = l.next
	}
	if l.next == nil {
		q.last = l.prev
	} else {
		l.next.links.prev = l.prev
	}
	p.links = links{}
}

// overdue takes out and returns the first peer if its time is over, else nil.
func (q *queue) overdue(now uint64) *peer {
	p := q.first
	if p == nil || p.links.due > now {
		return nil
	}
	p.leave()
	return p
}
