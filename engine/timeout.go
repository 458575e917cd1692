package engine

import "time"

// noSlot ends a list of slots.
const noSlot int32 = -1

// timeouts is the queue of the slots with the same timeout. Slots are armed in the order
// of time, so the first deadline is always the earliest: there is no heap and no timer
// wheel, and arming and disarming take a few stores. The links are in the slots; a slot
// is in one queue at most. Times here are the loop's own (stalls).
type timeouts struct {
	afterNs     int64
	first, last int32
}

// newQueues returns the timeout queues of a loop.
func newQueues(cfg *Config) (all [numQueues]timeouts) {
	for q, after := range [numQueues]time.Duration{
		queueRetry:   min(shortageRest, cfg.ConnectTimeout),
		queueConnect: cfg.ConnectTimeout,
		queueSecure:  cfg.SecureTimeout,
		queueOpen:    cfg.OpenTimeout,
		queueClose:   cfg.CloseTimeout,
		queueFin:     cfg.CloseTimeout,
		queueNotify:  min(answerAfter, cfg.CloseTimeout),
	} {
		all[q] = newTimeouts(after)
	}
	return all
}

func newTimeouts(after time.Duration) timeouts {
	return timeouts{afterNs: int64(after), first: noSlot, last: noSlot}
}

// arm appends a slot whose timeout begins at nowNs, which must not be earlier than that
// of the slot armed last.
func (t *timeouts) arm(slots []slot, i int32, nowNs int64) {
	s := &slots[i]
	s.deadlineNs = nowNs + t.afterNs
	s.previous, s.next = t.last, noSlot
	if t.last == noSlot {
		t.first = i
	} else {
		slots[t.last].next = i
	}
	t.last = i
}

// disarm removes a slot from the queue that it is in.
func (t *timeouts) disarm(slots []slot, i int32) {
	s := &slots[i]
	if s.previous == noSlot {
		t.first = s.next
	} else {
		slots[s.previous].next = s.next
	}
	if s.next == noSlot {
		t.last = s.previous
	} else {
		slots[s.next].previous = s.previous
	}
}

// expired returns the first slot if its deadline has passed, noSlot otherwise.
func (t *timeouts) expired(slots []slot, nowNs int64) int32 {
	if t.first == noSlot || slots[t.first].deadlineNs > nowNs {
		return noSlot
	}
	return t.first
}

// nextNs returns the earlier of the first deadline and the given stamp.
func (t *timeouts) nextNs(slots []slot, otherwiseNs int64) int64 {
	if t.first == noSlot {
		return otherwiseNs
	}
	return min(otherwiseNs, slots[t.first].deadlineNs)
}
