package testee

// A queue holds slots that all have the same timeout, in the order in which they
// are due. It is a doubly linked list, because slots leave from anywhere in it.
type queue struct {
	wait        uint64 // the timeout, in ticks of the loop; 1 or more
	first, last *slot
}

// links is a slot's place in a queue; in is nil when it is in none.
type links struct {
	in         *queue
	prev, next *slot
	due        uint64 // tick
}

// add appends a slot that is in no queue.
func (q *queue) add(s *slot, now uint64) {
	s.links = links{in: q, prev: q.last, due: now + q.wait}
	if q.last == nil {
		q.first = s
	} else {
		q.last.links.next = s
	}
	q.last = s
}

// leave removes the slot from its queue, if it is in one.
func (s *slot) leave() {
	q, l := s.links.in, s.links
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
	s.links = links{}
}

// overdue removes and returns the first slot if it is due, else nil.
func (q *queue) overdue(now uint64) *slot {
	s := q.first
	if s == nil || s.links.due > now {
		return nil
	}
	s.leave()
	return s
}
