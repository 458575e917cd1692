package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// noFD marks a slot without a socket.
const noFD int32 = -1

// slot is a loop's reusable record of one connection. With many in flight each event
// finds its slot outside of the cache. So the fields that every event uses share one
// line of 64 bytes, those that most connections never use are at the end, and the size
// is a multiple of a line (TestSlotLines).
type slot struct {
	index          int32
	fd             int32  // of the connection; in stateFree: kept for the next one, or noFD
	generation     uint32 // counts the sockets of this slot; events carry it
	state          state  // assigned by loop.enter only
	wire           wire   // what the last event said of the transport
	port           uint16 // chosen by the loop; 0: by the kernel
	source         int32  // index of the address that it comes from, or noSource
	buffer         int32  // index of its buffer, or noBuffer
	held           uint16 // bytes in the buffer
	marks          marks
	sent           int32 // bytes of the request, or of the buffer, already written
	previous, next int32 // in the timeout queue
	deadlineNs     int64 // in the loop's own time
	intendedNs     int64 // when the pacer meant it to start
	phaseNs        int64 // when the phase in progress began; for connect, the last attempt

	sample sample
	key    handshake.Key
	frames handshake.FrameReader // its last bytes are for pings and close frames in pieces
	parser handshake.Parser      // for a response that the memo does not know
	_      [40]byte
}

// sample is what a connection has measured so far, as a stats.Sample. The phase of the TLS handshake is not in it: with
// that a slot would take a line of cache more for each connection, and the session has it (tlsLayer.fill).
type sample struct {
	Ns      [stats.PhaseSecure]int64
	Reached stats.Phases
}

// measured returns the sample of a slot's connection, which has ended. It is valid until the next call.
func (l *loop) measured(s *slot) *stats.Sample {
	m := &l.sample
	copy(m.Ns[:], s.sample.Ns[:])
	m.Reached = s.sample.Reached
	l.fillFromWire(s, m)
	return m
}

// marks are what is true of a connection, or of its socket, from the start on.
type marks uint8

const (
	markWarm   marks = 1 << iota // it belongs to the warm-up
	markTimed                    // the time at which its response came is asked for
	markStamps                   // its socket has receive timestamps
)

func (m marks) has(mark marks) bool { return m&mark != 0 }

// set sets or clears a mark.
func (m *marks) set(mark marks, on bool) {
	*m &^= mark
	if on {
		*m |= mark
	}
}

// event returns the event that the slot's socket is registered with.
func (s *slot) event(interest uint32) unix.EpollEvent {
	return unix.EpollEvent{Events: interest, Fd: s.index, Pad: int32(s.generation)}
}

// ended records that a phase has ended and the next one begins.
func (s *slot) ended(p stats.Phase, nowNs int64) {
	s.sample.Ns[p] = nowNs - s.phaseNs
	s.reached(p, nowNs)
}

// reached is ended for a phase whose length is kept elsewhere.
func (s *slot) reached(p stats.Phase, nowNs int64) {
	s.sample.Reached = s.sample.Reached.With(p)
	s.phaseNs = nowNs
}

// span records a phase that began with the intended start.
func (s *slot) span(p stats.Phase, nowNs int64) {
	s.sample.Ns[p] = nowNs - s.intendedNs
	s.sample.Reached = s.sample.Reached.With(p)
}

// succeeded reports whether the slot's last connection, which has ended, was a success:
// whatever follows the closing handshake is no failure.
func (s *slot) succeeded() bool { return s.sample.Reached.Has(stats.PhaseClose) }

// endNs returns when the slot's last connection ended.
func (s *slot) endNs() int64 { return s.intendedNs + s.sample.Ns[stats.PhaseTotal] }

// slots is a loop's table of slots. They are first used in order, and the slot released
// last is taken first, so the memory that is touched grows with the number of
// connections at once.
type slots struct {
	all      []slot
	used     int32
	free     []int32 // stack of released slots
	lowWater int     // low-water mark of len(free) since closeIdle last reset it
}

func newSlots(count int) slots {
	return slots{all: make([]slot, count), free: make([]int32, 0, count)}
}

// open returns the number of slots with a connection.
func (t *slots) open() int { return int(t.used) - len(t.free) }

// take returns a slot for a new connection. There must be a free one.
func (t *slots) take() *slot {
	i := t.used
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
		t.lowWater = min(t.lowWater, n-1)
	} else {
		t.used++
		t.all[i].fd = noFD
	}
	s := &t.all[i]
	s.index, s.buffer, s.port, s.source = i, noBuffer, 0, noSource
	s.sample.Reached = 0
	return s
}

// release pushes a slot whose state is stateFree onto the stack.
func (t *slots) release(s *slot) { t.free = append(t.free, s.index) }
