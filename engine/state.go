package engine

import "wsperf/stats"

// state is where a slot's connection stands.
type state uint8

const (
	stateFree       state = iota // no connection
	stateStarting                // within an attempt to connect, which does not return in this state
	stateDeferred                // the attempt met a shortage of the client's own; tried again soon
	stateConnecting              // connect(2) called, not established yet
	stateSecuring                // TLS handshake
	stateOpening                 // opening handshake: request being written, response awaited
	stateClosing                 // closing handshake: our close frame sent, the testee's awaited
	stateFinishing               // close frames exchanged; the testee's FIN awaited
	stateNotified                // the same with TLS, and the testee's close_notify has come and is not answered yet

	numStates
)

// queue names one of a loop's timeout queues.
type queue uint8

const (
	queueNone    queue = iota
	queueRetry         // until a deferred start is tried again
	queueConnect       // connect timeout
	queueSecure        // secure timeout
	queueOpen          // open timeout
	queueClose         // close timeout, until the testee's close frame
	queueFin           // close timeout once more, until the testee's FIN
	queueNotify        // until a close_notify is answered

	numQueues
)

// traits is what is true of every slot in a state. A connection in a state without
// causes has completed both handshakes: it is a success however TCP ends.
type traits struct {
	inFlight int         // 1 while the opening handshake has begun and not ended, 0 otherwise
	queue    queue       // the timeout queue that the slot is in
	late     stats.Cause // what its timeout is charged to
	eof      stats.Cause // what the testee's FIN is charged to
	reset    stats.Cause // what an RST is charged to
	lost     stats.Cause // what an unreachable testee is charged to
}

var traitsOf = [numStates]traits{
	stateFree:       {},
	stateStarting:   {inFlight: 1},
	stateDeferred:   {inFlight: 1, queue: queueRetry},
	stateConnecting: {inFlight: 1, queue: queueConnect, late: stats.CauseConnectTimeout, reset: stats.CauseConnectReset},
	stateSecuring:   {inFlight: 1, queue: queueSecure, late: stats.CauseSecureTimeout, eof: stats.CauseSecureEOF, reset: stats.CauseSecureReset, lost: stats.CauseSecureUnreachable},
	stateOpening:    {inFlight: 1, queue: queueOpen, late: stats.CauseOpenTimeout, eof: stats.CauseOpenEOF, reset: stats.CauseOpenReset, lost: stats.CauseOpenUnreachable},
	stateClosing:    {queue: queueClose, late: stats.CauseCloseTimeout, eof: stats.CauseCloseEOF, reset: stats.CauseCloseReset, lost: stats.CauseCloseUnreachable},
	stateFinishing:  {queue: queueFin},
	stateNotified:   {queue: queueNotify},
}

// enter moves a slot to another state. It is the only assignment of slot.state, so
// the timeout queues and the number in flight always agree with the states. The new
// state's timeout counts from nowNs, which must not be before that of the last slot
// that entered the same state.
func (l *loop) enter(s *slot, to state, nowNs int64) {
	from, into := &traitsOf[s.state], &traitsOf[to]
	if from.queue != queueNone {
		l.queues[from.queue].disarm(l.slots.all, s.index)
	}
	if into.queue != queueNone {
		l.queues[into.queue].arm(l.slots.all, s.index, l.stalls.own(nowNs))
	}
	l.inFlight += into.inFlight - from.inFlight
	s.state = to
}

// traits returns those of the slot's state.
func (s *slot) traits() *traits { return &traitsOf[s.state] }
