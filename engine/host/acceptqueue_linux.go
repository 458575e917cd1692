package host

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// AcceptQueues are the queues of connections that a testee on this machine has not accepted
// yet: one of each socket that listens for connections to its address. They can be looked at
// as often as needed.
type AcceptQueues struct {
	testee netip.Addr
	diag   *diag
	all    []Listener
}

// maxListeners is how many sockets may listen on a port without an allocation in Longest.
const maxListeners = 256

// OpenAcceptQueues finds the sockets that listen for connections to a testee. It keeps one
// descriptor, and none if it finds no such socket in the network namespace of the calling
// thread.
func OpenAcceptQueues(testee netip.AddrPort) *AcceptQueues {
	q := &AcceptQueues{testee: connectedTo(testee.Addr().Unmap().WithZone(""))}
	best := 0
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, _ := appendListenersOf(nil, family, testee.Port()) // nil on failure
		if match := bestMatch(found, q.testee); match > best {
			q.Close()
			q.diag, _ = openDiag(family, testee.Port()) // nil on failure
			best = match
		}
	}
	q.all = make([]Listener, 0, maxListeners)
	return q
}

// Longest returns the listener with the longest queue. ok is false if none is known. It does
// not allocate.
func (q *AcceptQueues) Longest() (longest Listener, ok bool) {
	if q.diag == nil {
		return longest, false
	}
	all, err := q.diag.appendListeners(q.all)
	if err != nil {
		q.Close()
		return longest, false
	}
	best := max(1, bestMatch(all, q.testee))
	for _, l := range all {
		if l.match(q.testee) == best && (!ok || l.Queue > longest.Queue) {
			longest, ok = l, true
		}
	}
	return longest, ok
}

// Close gives the descriptor back.
func (q *AcceptQueues) Close() {
	if q.diag != nil {
		q.diag.close()
		q.diag = nil
	}
}

func bestMatch(all []Listener, testee netip.Addr) (best int) {
	for _, l := range all {
		best = max(best, l.match(testee))
	}
	return best
}
