package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PerfEvent is something that the kernel can count for a thread (perf_event_open(2)).
type PerfEvent struct {
	Name   string
	Type   uint32
	Config uint64
}

// HardwareEvents are counted by the CPU. Many virtual machines have none of them.
func HardwareEvents() []PerfEvent {
	return []PerfEvent{
		{"cycles", unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CPU_CYCLES},
		{"instructions", unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_INSTRUCTIONS},
		{"cache_misses", unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CACHE_MISSES},
		{"branch_misses", unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_BRANCH_MISSES},
	}
}

// CounterSet is the events that threads of this process can count together.
type CounterSet struct {
	Events   []PerfEvent
	Absent   map[string]string // the errno of each event that cannot be counted, by its name
	UserOnly bool              // in user space only: perf_event_paranoid does not allow the kernel
}

// FindCounters tries to count events for the calling thread. Those that the kernel refuses
// are absent, and the others are in the set.
func FindCounters(events []PerfEvent) *CounterSet {
	runtime.LockOSThread() // a group of events is of one thread
	defer runtime.UnlockOSThread()
	set := &CounterSet{}
	for _, set.UserOnly = range []bool{false, true} {
		set.Events, set.Absent = nil, make(map[string]string)
		refused := set.try(events)
		if len(set.Events) > 0 || !refused {
			break
		}
	}
	return set
}

// try opens the events one after the other, and closes them. It reports whether one was
// refused for want of permission.
func (s *CounterSet) try(events []PerfEvent) (refused bool) {
	var c ThreadCounters
	defer c.Close()
	for _, e := range events {
		err := c.add(e, s.UserOnly)
		if err == nil {
			s.Events = append(s.Events, e)
			continue
		}
		s.Absent[e.Name] = ErrnoName(err)
		refused = refused || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
	}
	return refused
}

// ErrnoName returns the name of the errno that an error wraps, such as EACCES, and "unknown" if
// there is none.
func ErrnoName(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) && unix.ErrnoName(errno) != "" {
		return unix.ErrnoName(errno)
	}
	return "unknown"
}

// Descriptors returns how many descriptors each thread takes.
func (s *CounterSet) Descriptors() int { return len(s.Events) }

// Open makes counters for the calling thread, which must be locked. They do not count yet.
func (s *CounterSet) Open() (*ThreadCounters, error) {
	c := &ThreadCounters{values: make([]byte, 8*(groupHead+len(s.Events)))}
	for _, e := range s.Events {
		if err := c.add(e, s.UserOnly); err != nil {
			c.Close()
			return nil, fmt.Errorf("count %s: %w", e.Name, err)
		}
	}
	return c, nil
}

// ThreadCounters count for one thread. The first event leads the group, so that all are
// counted at the same times. They can be read after the thread has ended.
type ThreadCounters struct {
	fds     []int
	values  []byte
	enabled bool // Enable succeeded
}

// Numbers that stand before the values of a group: how many these are, and for how many
// nanoseconds the group was to count and did (perf_event_open(2), PERF_FORMAT_GROUP).
const (
	groupHead   = 3
	groupFormat = unix.PERF_FORMAT_GROUP | unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING
)

func (c *ThreadCounters) add(e PerfEvent, userOnly bool) error {
	attr := e.attr(userOnly)
	attr.Read_format = groupFormat
	leader := -1
	if len(c.fds) > 0 {
		leader = c.fds[0]
	}
	fd, err := openEvent(&attr, 0, leader)
	if err == nil {
		c.fds = append(c.fds, fd)
	}
	return err
}

func (e PerfEvent) attr(userOnly bool) unix.PerfEventAttr {
	attr := unix.PerfEventAttr{Type: e.Type, Config: e.Config}
	if userOnly {
		attr.Bits |= unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv
	}
	return attr
}

// openEvent opens an event of a thread, 0 for the calling one, in the group of a leader. If that
// is -1, the event leads a new group, which does not count yet.
func openEvent(attr *unix.PerfEventAttr, thread, leader int) (fd int, err error) {
	attr.Size = uint32(unsafe.Sizeof(*attr))
	if leader < 0 {
		attr.Bits |= unix.PerfBitDisabled
	}
	for { // a signal interrupts the wait for exec_update_lock (kernel/events/core.c, Linux 6.18)
		fd, err = unix.PerfEventOpen(attr, thread, -1, leader, unix.PERF_FLAG_FD_CLOEXEC)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// Enable begins to count.
func (c *ThreadCounters) Enable() {
	if len(c.fds) > 0 {
		c.enabled = unix.IoctlSetInt(c.fds[0], unix.PERF_EVENT_IOC_ENABLE, 0) == nil // otherwise Read reports false
	}
}

// Read adds what was counted since Enable to sums, one for each event of the set. It reports
// false if nothing was counted, because the CPU's counters were in use for something else. If
// they were for a part of the time, it extrapolates, as perf stat does. The kernel's two times advance
// only while the thread runs. If both are 0, it has not run since Enable, and every count is 0.
func (c *ThreadCounters) Read(sums []uint64) bool {
	if !c.enabled {
		return false
	}
	n, err := unix.Read(c.fds[0], c.values)
	if err != nil || n < len(c.values) {
		return false
	}
	number := func(i int) uint64 { return binary.NativeEndian.Uint64(c.values[8*i:]) }
	enabled, running := number(1), number(2)
	if running == 0 {
		return enabled == 0
	}
	for i := range sums {
		sums[i] += extrapolate(number(groupHead+i), enabled, running)
	}
	return true
}

// extrapolate returns what would have been counted, had the event been counted all the time.
func extrapolate(value, enabled, running uint64) uint64 {
	if running < enabled {
		return uint64(float64(value) * float64(enabled) / float64(running))
	}
	return value
}

// Close closes the descriptors.
func (c *ThreadCounters) Close() {
	for _, fd := range c.fds {
		_ = unix.Close(fd) // nothing is written
	}
	c.fds = nil
}
