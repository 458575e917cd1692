package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// ProcessCounters count for all threads of other processes together. Threads and processes that
// these start are counted too, from their start (inherit, perf_event_open(2)).
type ProcessCounters struct {
	set    *CounterSet
	fds    []int // of each thread one for each event, in the order of the set
	totals []eventTotal
	values [3 * 8]byte // of an event: eventTotal
}

// eventTotal is what was counted of an event, and for how many nanoseconds it was to be counted
// and was.
type eventTotal struct{ value, enabled, running uint64 }

// eventFormat is that of one event. To read a whole group fails if a thread was started while the
// group of its parent was incomplete (ECHILD, __perf_read_group_add in kernel/events/core.c,
// Linux 6.18).
const eventFormat = unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING

// ErrTooManyThreads says that the counters would take more descriptors than they may.
var ErrTooManyThreads = errors.New("too many threads")

// openTries bounds how often counters are opened anew because a thread was started meanwhile.
const openTries = 5

// OpenCounters makes counters for the threads of the processes, with at most that many
// descriptors. They do not count yet. It takes about 50 us for each thread. The error is ErrTooManyThreads, or wraps ESRCH if all
// threads have ended, EACCES if one may not be looked into, EMFILE if there is no descriptor.
//
// A thread inherits the counters of the one that starts it. One that is started by a thread whose
// counters are not open yet has none, and cannot be told from one that has: so all are opened anew,
// unless the threads are the same after that as they were before it.
func (w *Processes) OpenCounters(set *CounterSet, descriptors int) (*ProcessCounters, error) {
	c := &ProcessCounters{set: set, totals: make([]eventTotal, len(set.Events))}
	if len(set.Events) == 0 {
		return c, nil
	}
	w.Sample()
	for range openTries {
		c.keep(0)
		if w.unwatched() || w.watched()*len(set.Events) > descriptors {
			return nil, ErrTooManyThreads
		}
		if err := c.open(w.all); err != nil {
			c.Close()
			return nil, fmt.Errorf("count events of other processes: %w", err)
		}
		opened := w.threadIDs()
		if w.Sample(); slices.Equal(w.threadIDs(), opened) {
			break
		}
	}
	return c, nil
}

// threadIDs returns the numbers of the threads that are watched.
func (w *Processes) threadIDs() (all []int) {
	for _, p := range w.all {
		p.each(func(t *thread) { all = append(all, t.id) })
	}
	return all
}

// watched returns how many threads are watched.
func (w *Processes) watched() (n int) {
	for _, p := range w.all {
		n += 1 + len(p.others)
	}
	return n
}

func (c *ProcessCounters) open(all []*process) (err error) {
	for _, p := range all {
		p.each(func(t *thread) {
			if err == nil {
				err = c.add(t)
			}
		})
	}
	if err == nil && len(c.fds) == 0 {
		err = unix.ESRCH
	}
	return err
}

// add opens the events of a thread, in a group, so that all are counted at the same times. A
// thread that has ended is left out.
func (c *ProcessCounters) add(t *thread) error {
	first, leader := len(c.fds), -1
	for _, e := range c.set.Events {
		attr := e.attr(c.set.UserOnly)
		attr.Read_format = eventFormat
		attr.Bits |= unix.PerfBitInherit
		fd, err := openEvent(&attr, t.id, leader)
		if err != nil {
			c.keep(first)
			if errors.Is(err, unix.ESRCH) {
				return nil
			}
			return err
		}
		c.fds = append(c.fds, fd)
		leader = c.fds[first]
	}
	if !t.read() { // another thread may have its number already
		c.keep(first)
	}
	return nil
}

// keep closes all descriptors but the first ones.
func (c *ProcessCounters) keep(n int) {
	for _, fd := range c.fds[n:] {
		_ = unix.Close(fd) // nothing is written
	}
	c.fds = c.fds[:n]
}

// Descriptors returns how many are open.
func (c *ProcessCounters) Descriptors() int { return len(c.fds) }

// Enable begins to count. It takes about 1 us for each thread, and interrupts one that runs.
func (c *ProcessCounters) Enable() {
	for i := 0; i < len(c.fds); i += len(c.set.Events) {
		_ = unix.IoctlSetInt(c.fds[i], unix.PERF_EVENT_IOC_ENABLE, 0) // otherwise Read finds that nothing was counted
	}
}

// Read adds what was counted since Enable to sums, one for each event of the set. It reports false
// if an event was not counted. If it was for a part of the time, Read extrapolates, as
// ThreadCounters does. It allocates nothing, and takes about 1 us for each event of each thread.
func (c *ProcessCounters) Read(sums []uint64) bool {
	clear(c.totals)
	for i, fd := range c.fds {
		if !c.readTo(&c.totals[i%len(c.totals)], fd) {
			return false
		}
	}
	for i := range c.totals {
		t := &c.totals[i]
		if t.running == 0 {
			return false
		}
		sums[i] += extrapolate(t.value, t.enabled, t.running)
	}
	return len(c.totals) > 0
}

// readTo adds one descriptor's event. That of a thread that has not run since Enable is 0 in all.
func (c *ProcessCounters) readTo(t *eventTotal, fd int) bool {
	n, err := unix.Read(fd, c.values[:])
	if err != nil || n < len(c.values) {
		return false
	}
	t.value += binary.NativeEndian.Uint64(c.values[:])
	t.enabled += binary.NativeEndian.Uint64(c.values[8:])
	t.running += binary.NativeEndian.Uint64(c.values[16:])
	return true
}

// Close closes the descriptors.
func (c *ProcessCounters) Close() {
	if c != nil {
		c.keep(0)
	}
}
