package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// state is where a slot's connection stands.
type state uint8

const (
	stateFree       state = iota // no connection
	stateStarting                // between the pacer's word and what comes of connect(2); no timeout yet
	stateLacking                 // the client lacked a port, a descriptor or memory; tried again soon
	stateConnecting              // connect(2) called
	stateOpening                 // established; request being written, response awaited
	stateClosing                 // response validated; close frame sent, the testee's awaited
	stateFinishing               // close frames exchanged; the testee's FIN awaited
)

// noFD marks a slot without a socket.
const noFD int32 = -1

// slot is a loop's reusable record of one connection. With many in flight, each
// event finds its slot out of the cache: so what is used most lies in one line of
// 64 bytes, what most connections never use at the end, and the size is a
// multiple of a line (TestSlotLines).
type slot struct {
	index          int32
	fd             int32  // of the connection; in stateFree: kept for the next one, or noFD
	generation     uint32 // counts the sockets of this slot; events carry it
	state          state
	lacked         stats.Cause // what was lacking, in stateLacking
	port           uint16      // chosen by the loop; 0: by the kernel
	source         int32       // that it came from, or noSource
	buffer         int32       // of the loop's buffers, or noBuffer
	held           int32       // bytes in the buffer
	sent           int32       // bytes of the request, or of the buffer, already written
	previous, next int32       // in the queue of its timeout
	deadlineNs     int64
	intendedNs     int64 // when the pacer said start
	phaseNs        int64 // when the phase in progress began; of phase connect, the attempt that lacked nothing

	sample stats.Sample
	parser handshake.Parser
	key    handshake.Key
	frames handshake.FrameReader // its last bytes are for pings
}

// inFlight reports whether the opening handshake has begun and not ended.
func (s *slot) inFlight() bool {
	return stateStarting <= s.state && s.state <= stateOpening
}

// event is what the slot's socket is registered with.
func (s *slot) event(interest uint32) unix.EpollEvent {
	return unix.EpollEvent{Events: interest, Fd: s.index, Pad: int32(s.generation)}
}

// ended notes that a phase ended now, and that the next one begins.
func (s *slot) ended(p stats.Phase, nowNs int64) {
	s.sample.Ns[p] = nowNs - s.phaseNs
	s.sample.Reached = s.sample.Reached.With(p)
	s.phaseNs = nowNs
}

// slots is a loop's table of slots. They are numbered from 0 in the order of
// first use, and the one released last is taken first: the table's memory that
// is touched is that of the most connections there were at once.
type slots struct {
	all  []slot
	used int32
	free []int32 // stack of released ones
	idle int     // the least that were on the stack since that was looked at (closeIdle)
}

func newSlots(count int) slots {
	return slots{all: make([]slot, count), free: make([]int32, 0, count)}
}

// open returns the number of slots with a connection.
func (t *slots) open() int { return int(t.used) - len(t.free) }

// full reports whether take would find none.
func (t *slots) full() bool { return len(t.free) == 0 && int(t.used) == len(t.all) }

// take returns a slot for a new connection; there must be one.
func (t *slots) take() *slot {
	i := t.used
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
		t.idle = min(t.idle, n-1)
	} else {
		t.used++
		t.all[i].fd = noFD
	}
	s := &t.all[i]
	s.index, s.buffer, s.port, s.source = i, noBuffer, 0, noSource
	s.sample.Reached = 0
	return s
}

// release makes the slot free.
func (t *slots) release(s *slot) {
	s.state = stateFree
	t.free = append(t.free, s.index)
}
