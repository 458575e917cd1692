package engine

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

const (
	// eventsPerWait bounds how long one batch of events keeps the loop from its
	// timeouts and starts: 256 of a few tens of microseconds each.
	eventsPerWait = 256

	// startsPerWait bounds how many connections are started before the loop
	// looks for events again: replies must not wait for a burst of starts, or
	// that wait would be measured as the testee's.
	startsPerWait = 16

	// maxWaitMs bounds a sleep, and so how late a loop sees that it should stop.
	maxWaitMs = 100

	// inboxBytes is the size of the buffer that a loop reads into.
	inboxBytes = 64 << 10

	// maxEarlyMisses is how often in a row a request is written right after
	// connect(2) in vain before a loop gives it up: across a network the TCP
	// handshake is never over by then.
	maxEarlyMisses = 4
)

// loop is one epoll instance with its connections. One goroutine runs it, and
// nothing of it is shared but the counters and the stop flag.
type loop struct {
	number int
	cpu    int // -1: not pinned

	cfg     *Config
	to      *endpoint
	request *handshake.Request
	memo    handshake.Memo // of the response that was valid last
	pacer   pacer
	poller  *poller
	slots   slots
	buffers *buffers
	sources sources
	inbox   []byte // what was read last, when its slot holds no buffer
	outbox  []byte // pong and close frame being written
	random  *rand.ChaCha8
	rec     *stats.Recorder

	connects, opens, closes, shortages timeouts

	baseline      time.Time // of every ...Ns stamp of this loop
	nowNs         int64     // one reading per wait: for pacing and timeouts only
	stopNs        int64     // when to stop starting (a run by duration)
	graceNs       int64     // after an interrupt: when what is left is given up
	inFlight      int
	earlyMisses   int
	renewals      renewals
	holdNs        int64  // when starting may go on after a shortage
	shortageWaits uint64 // times that a start waited for want of a port, a descriptor or memory
	full          uint64 // times that a start waited for a free slot
	waiting       bool   // a start is waiting for a free slot

	stop     *atomic.Bool // set once, by an interrupt
	stopping bool         // this loop has seen it
	counters *counters
}

// never is a stamp that no run reaches: 292 years.
const never = int64(1<<63 - 1)

// clock reads the time: 24 ns through the vDSO.
func (l *loop) clock() int64 { return int64(time.Since(l.baseline)) }

// run handles connections until all are started and ended.
func (l *loop) run() {
	l.nowNs = l.clock()
	for {
		more := l.startSome()
		if l.finished() {
			break
		}
		events := l.wait(more)
		l.nowNs = l.clock()
		for i := range events {
			l.dispatch(&events[i])
		}
		l.expire()
		l.closeIdle()
		l.checkStop()
		l.counters.publish(l)
	}
	l.closeKept()
	l.counters.publish(l)
}

// wait returns the events that are there, and sleeps for the first one only
// when nothing can be started.
func (l *loop) wait(more bool) []unix.EpollEvent {
	if more {
		return l.poller.poll()
	}
	return l.poller.wait(l.sleepMs())
}

func (l *loop) finished() bool { return l.pacer.left == 0 && l.slots.open() == 0 }

// startSome starts connections while the pacer allows it, and reports whether
// there may be more to start at once.
func (l *loop) startSome() (more bool) {
	for range startsPerWait {
		if !l.mayStart() {
			return false
		}
		l.start()
		l.pacer.started()
	}
	return true
}

func (l *loop) mayStart() bool {
	if l.nowNs < l.holdNs {
		return false
	}
	if l.slots.full() {
		if !l.waiting && l.pacer.left != 0 {
			l.waiting = true
			l.full++
		}
		return false
	}
	l.waiting = false
	switch l.pacer.next(l.inFlight) {
	case paceStart:
		return true
	case paceResume:
		l.rec.Resume()
		return true
	case paceThrottle:
		l.rec.Throttle()
	}
	return false
}

// sleepMs is the time to the earliest deadline, rounded up: a sleep that ends
// before it would be followed by another one.
func (l *loop) sleepMs() int {
	next := l.nowNs + maxWaitMs*int64(time.Millisecond)
	for _, t := range []*timeouts{&l.connects, &l.opens, &l.closes, &l.shortages} {
		next = t.nextNs(l.slots.all, next)
	}
	next = min(next, l.stopNs, l.graceNs)
	return int(max(0, next-l.nowNs+int64(time.Millisecond)-1) / int64(time.Millisecond))
}

// dispatch hands an event to what it can mean in the state of its slot. A free
// slot's says that the socket kept in it is not connected. No connection is
// started while events are handled: one that has ended leaves its slot free.
func (l *loop) dispatch(ev *unix.EpollEvent) {
	s := &l.slots.all[ev.Fd]
	if s.generation != uint32(ev.Pad) {
		return // of a socket that is closed here, but not yet in a child that was forked meanwhile (epoll(7))
	}
	switch s.state {
	case stateConnecting:
		l.connectReported(s, ev.Events)
	case stateOpening, stateClosing:
		l.established(s, ev.Events)
	case stateFinishing:
		l.finishing(s, ev.Events)
	}
}

// expire fails or ends the connections whose time is over.
func (l *loop) expire() {
	l.expireQueue(&l.connects)
	l.expireQueue(&l.opens)
	l.expireQueue(&l.closes)
	l.expireQueue(&l.shortages)
}

func (l *loop) expireQueue(t *timeouts) {
	for i := t.expired(l.slots.all, l.nowNs); i != noSlot; i = t.expired(l.slots.all, l.nowNs) {
		l.timedOut(&l.slots.all[i])
	}
}

func (l *loop) timedOut(s *slot) {
	switch s.state {
	case stateLacking:
		l.tryAgain(s)
	case stateConnecting:
		l.fail(s, stats.CauseConnectTimeout)
	case stateOpening:
		l.fail(s, stats.CauseOpenTimeout)
	case stateClosing:
		l.fail(s, stats.CauseCloseTimeout)
	case stateFinishing:
		l.finTimedOut(s)
	}
}

// checkStop ends starting when the run's duration is over or it is
// interrupted, and gives up what is left when the grace after that is over.
func (l *loop) checkStop() {
	if l.nowNs >= l.stopNs {
		l.pacer.stop()
		l.stopNs = never // seen: it must not cut short the sleeps until all have ended
	}
	if !l.stopping && l.stop.Load() {
		l.stopping = true
		l.pacer.stop()
		l.graceNs = l.nowNs + int64(l.cfg.CloseTimeout)
	}
	if l.nowNs >= l.graceNs {
		l.giveUp()
	}
}

// giveUp ends every connection that is left after an interrupt.
func (l *loop) giveUp() {
	for i := range l.slots.used {
		switch s := &l.slots.all[i]; s.state {
		case stateFree:
		case stateFinishing:
			l.finTimedOut(s)
		default:
			l.fail(s, stats.CauseInterrupted)
		}
	}
}

// close gives back what newLoop took.
func (l *loop) close() {
	l.poller.close()
	l.buffers.close()
}

// loopShare is one loop's part of the run.
type loopShare struct {
	number, cpu int
	connections int64 // or unlimited
	low, high   int
	slots       int
	sources     sources
	localPorts  int // to choose from, by all loops
}

// newLoop allocates everything that a loop needs; when it fails nothing is left open.
func newLoop(cfg *Config, to *endpoint, part loopShare) (*loop, error) {
	seed, err := randomSeed()
	if err != nil {
		return nil, err
	}
	poller, err := newPoller(eventsPerWait)
	if err != nil {
		return nil, err
	}
	buffers, err := newBuffers(part.slots, cfg.Rules.MaxBytes)
	if err != nil {
		poller.close()
		return nil, fmt.Errorf("loop %d: %w", part.number, err)
	}
	rec := stats.NewRecorder(newLog(cfg, part))
	if cfg.Samples > 0 {
		rec.KeepReplies(cfg.Samples)
	}
	return &loop{
		number: part.number, cpu: part.cpu,
		cfg: cfg, to: to, request: cfg.Request.Clone(),
		pacer:  newPacer(part.connections, part.low, part.high),
		poller: poller, slots: newSlots(part.slots), buffers: buffers, sources: part.sources,
		inbox: make([]byte, inboxBytes), outbox: make([]byte, 0, maxOutbox),
		random: rand.NewChaCha8(seed), rec: rec,
		connects: newTimeouts(cfg.ConnectTimeout), opens: newTimeouts(cfg.OpenTimeout), closes: newTimeouts(cfg.CloseTimeout),
		shortages: newTimeouts(min(shortageRest, cfg.ConnectTimeout)),
		stopNs:    stopNs(cfg), graceNs: never, renewals: newRenewals(part.localPorts),
	}, nil
}

func newLog(cfg *Config, part loopShare) *stats.ConnLog {
	if !cfg.Log {
		return nil
	}
	return stats.NewConnLog(max(0, part.connections))
}

func stopNs(cfg *Config) int64 {
	if cfg.Connections > 0 {
		return never
	}
	return int64(cfg.Duration)
}
