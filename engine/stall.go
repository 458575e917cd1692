package engine

import "time"

// A loop stalls when its process is stopped (SIGSTOP, Ctrl-Z, a debugger), its virtual
// machine is paused, or others have its CPU. Meanwhile the testee's answers come and are
// not read, or cannot come. Neither is the testee's fault:
//
//   - Timeouts are counted in the loop's own time: the clock without the stalls. So a
//     connection waits for its whole timeout while the loop runs. A timeout of the testee's
//     own is charged later by the stall. The two cannot be told apart, because the network
//     may have been paused as well.
//   - An answer that lies in the socket is read before a timeout is charged (sweep), also
//     after gaps that are too short for a stall.
//   - Stalls are counted and reported: phases in progress contain them.
//
// The clock is CLOCK_MONOTONIC. It stands still while the machine is suspended
// (clock_gettime(2)), and so do the kernel's TCP timers. Whether it goes on while a virtual
// machine is paused depends on the hypervisor; only then is the pause in a number.

// A gap between two readings of the clock is a stall if it is longer, beyond a sleep within
// it, than any that a running loop makes. Readings are one or two system calls apart, and
// the longest call, a search for a free port, takes 0.2 ms (crowdPart). On a shared CPU the
// loop waits for time slices of a few milliseconds each (sched(7)).
const (
	maxGap = 100 * time.Millisecond // as long as the longest sleep
	minGap = 10 * time.Millisecond  // a shorter one is part of sharing a CPU
)

// stalls is a loop's clock: what it has read, and the stalls that it has seen.
type stalls struct {
	gapNs  int64 // a longer gap is a stall
	lastNs int64 // the latest reading
	dueNs  int64 // the latest reading, or the end of the sleep that has begun since

	count     uint64
	totalNs   int64
	longestNs int64
	endNs     int64 // the end of the latest stall
	beforeNs  int64 // total of the stalls before the latest
}

// newStalls returns the clock of a loop whose shortest timeout is given: a gap that would
// use it up is a stall as well. Before the first reading there is none.
func newStalls(timeout time.Duration) stalls {
	return stalls{gapNs: int64(max(minGap, min(timeout, maxGap))), dueNs: never}
}

// read takes a reading of the clock.
func (s *stalls) read(nowNs int64) {
	if nowNs-s.dueNs > s.gapNs {
		s.ended(nowNs)
	}
	s.lastNs, s.dueNs = nowNs, nowNs
}

// sleeping is told before a sleep, which may last that long.
func (s *stalls) sleeping(ns int64) { s.dueNs = s.lastNs + ns }

// ended counts a stall. It may have begun at any time since the latest reading, so the
// sleep in between is counted with it: a timeout ends too late rather than too soon.
func (s *stalls) ended(nowNs int64) {
	lasted := nowNs - s.lastNs
	s.count++
	s.beforeNs = s.totalNs
	s.totalNs += lasted
	s.longestNs = max(s.longestNs, lasted)
	s.endNs = nowNs
}

// own converts a stamp to the loop's own time. The stamp may have been read before the
// latest stall, not before an earlier one.
func (s *stalls) own(ns int64) int64 {
	if ns < s.endNs {
		return ns - s.beforeNs
	}
	return ns - s.totalNs
}

// sweep is a pass over the events that were ready at its beginning. It is over when
// all of them are handled: only then is it known which connections have no answer.
type sweep struct {
	beganNs int64
	left    int // events that may have been ready and are not handled yet
}

// begin begins a sweep at the latest reading of the clock, unless one is in progress.
// Each socket is in epoll's list of ready ones once at most.
func (w *sweep) begin(nowNs int64, sockets int) {
	if w.left <= 0 {
		w.beganNs, w.left = nowNs, max(1, sockets)
	}
}

// handled takes the number of events of a wait that may return at most so many, and reports whether the sweep is over.
// A wait that returns fewer has returned all. Otherwise the rest is first in
// line: epoll's list is a queue, whose new entries come last (ep_poll_callback and
// ep_done_scan in fs/eventpoll.c, Linux 6.18). So timeouts also end while waits are full.
func (w *sweep) handled(events, most int) (over bool) {
	w.left -= events
	if events < most {
		w.left = 0
	}
	return w.left <= 0
}
