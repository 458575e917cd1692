package engine

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

const (
	// maxSleep bounds a sleep, and so how late a loop sees that it should stop.
	maxSleep = 100 * time.Millisecond

	// inboxBytes is the size of the buffer that a loop reads into.
	inboxBytes = 64 << 10
)

// batch bounds what a loop does before it looks at other things.
type batch struct {
	events int // of a wait: how long they keep the loop from its timeouts and starts
	starts int // before the loop waits: replies must not wait for a burst of starts, which would be measured as the testee's
}

// batch returns the bounds of each loop. Events and starts take some tens of microseconds each, and with TLS 0.2 ms:
// most of that is cryptography.
func (c *Config) batch() batch {
	if c.TLS != nil {
		return batch{events: 32, starts: 2}
	}
	return batch{events: 256, starts: 16}
}

// loop is one epoll instance with its connections. One goroutine runs it, and nothing
// of it is shared but the published counters and the stop flag.
type loop struct {
	number int
	cpu    int  // -1: not pinned
	beside bool // the testee is on this machine

	cfg     *Config
	testee  testee
	pacer   pacer
	tls     *tlsLayer // nil: ws://
	batch   batch
	timing  timing
	stamped stampedReader
	poller  *poller
	slots   slots
	queues  [numQueues]timeouts
	buffers *buffers
	idle    idleSockets
	inbox   []byte // what was read last, if its slot holds no buffer
	outbox  []byte // pong and close frame being written
	random  *rand.ChaCha8
	sample  stats.Sample // of the connection that ended last
	rec     *stats.Recorder
	warm    *stats.Recorder // of the warm-up's connections; nil: there is no warm-up

	sched    *host.SchedStat
	sleptNs  int64 // in epoll_wait
	waits    uint64
	events   uint64
	maxBatch int // most events of a wait

	window        *window
	warming       bool  // no connection of the measured window has been started
	before, after usage // at the ends of the measured window

	intervals     intervals
	baseline      time.Time // of every ...Ns stamp of this loop
	loaded        loaded
	stalls        stalls
	sweep         sweep
	nowNs         int64 // one reading per wait, for idle sockets and the grace only
	askNs         int64 // when to ask the pacer again
	graceNs       int64 // after an interrupt: when what is left is given up, in the loop's own time
	inFlight      int
	shortageWaits uint64 // starts that were deferred for want of a port, a descriptor or memory
	slotWaits     uint64 // times that a start waited for a free slot

	stop     *atomic.Bool // set once, by an interrupt
	stopping bool         // this loop has seen it
	counters *counters

	hardwareSet *host.CounterSet
	hardware    *host.ThreadCounters // nil: the thread counts nothing
}

// clock reads the time: 24 ns through the vDSO.
func (l *loop) clock() int64 {
	nowNs := int64(time.Since(l.baseline))
	l.stalls.read(nowNs)
	return nowNs
}

// run handles connections until all are started and ended.
func (l *loop) run() {
	l.nowNs = l.clock()
	l.before = l.usage()
	l.intervals.begin(l.window.fromNs.Load())
	l.checkStop() // it can have been interrupted while it was prepared
	for {
		more := l.startSome()
		if l.finished() {
			break
		}
		events := l.wait(more)
		l.cutInterval()
		for i := range events {
			l.dispatch(&events[i])
		}
		l.checkStop()
		if l.sweep.handled(len(events), l.batch.events) {
			l.expire()
		}
		l.closeIdle()
		l.counters.publish(l)
	}
	l.endIntervals()
	l.closeKept()
	l.closeWire()
	l.counters.publish(l)
	l.after = l.usage()
	if l.warming { // it has measured nothing
		l.before = l.after
	}
}

// wait returns the events that are there. It sleeps for the first one only if nothing
// can be started.
func (l *loop) wait(more bool) (events []unix.EpollEvent) {
	begunNs := l.stalls.lastNs
	l.sweep.begin(begunNs, int(l.slots.used))
	if more {
		events = l.poller.poll()
	} else {
		ns := l.sleepNs()
		l.stalls.sleeping(ns)
		events = l.poller.wait(ns)
	}
	l.nowNs = l.clock()
	l.waited(l.nowNs-begunNs, len(events))
	return events
}

// leastSleep is the shortest time in epoll_wait in which a thread can have slept: going to
// sleep and waking up takes as long, and a call that returns at once less than a third of it.
const leastSleep = 3 * time.Microsecond

// waited counts a wait that took so long.
func (l *loop) waited(ns int64, events int) {
	if ns >= int64(leastSleep) {
		l.sleptNs += ns
	}
	l.waits++
	l.events += uint64(events)
	l.maxBatch = max(l.maxBatch, events)
}

func (l *loop) finished() bool { return l.pacer.done() && l.slots.open() == 0 }

// startSome starts connections while the pacer says so, and reports whether it may
// say so again at once.
func (l *loop) startSome() (more bool) {
	for range l.batch.starts {
		l.prepareWire()
		nowNs := l.clock()
		say, atNs := l.pacer.next(nowNs, l.inFlight, l.slots.open())
		l.count(say)
		if !say.starts() {
			l.askNs = atNs
			return false
		}
		l.start(atNs, nowNs)
	}
	return true
}

// count counts resumes, throttles and waits for a slot.
func (l *loop) count(say pace) {
	rec := l.rec
	if l.warming {
		rec = l.warm
	}
	switch say {
	case paceResume:
		rec.Resume()
	case paceThrottle:
		rec.Throttle()
	case paceFull:
		l.slotWaits++
	}
}

// sleepNs is the time from the latest reading of the clock to the earliest deadline.
func (l *loop) sleepNs() int64 {
	nowNs := l.stalls.lastNs
	ownNs := l.stalls.own(nowNs)
	next := min(ownNs+int64(maxSleep), l.graceNs)
	for i := range l.queues {
		next = l.queues[i].nextNs(l.slots.all, next)
	}
	return max(0, min(next-ownNs, l.askNs-nowNs, l.intervals.endNs-nowNs))
}

// dispatch hands an event to what awaits it in the state of its slot, and ends the
// connection if it has come to its end. A free slot's event says that the socket kept
// in it is not connected. No connection is started while events are handled: one that
// has ended leaves its slot free.
func (l *loop) dispatch(ev *unix.EpollEvent) {
	s := &l.slots.all[ev.Fd]
	if s.generation != uint32(ev.Pad) {
		return // of a socket that is closed here, but not yet in a child that was forked meanwhile (epoll(7))
	}
	s.wire = wireOf(ev.Events)
	var f failure
	switch s.state {
	case stateFree:
		return
	case stateFinishing, stateNotified:
		l.finishing(s)
		return
	case stateConnecting:
		f = l.connecting(s)
	case stateSecuring:
		f = l.securing(s)
	default:
		f = l.exchange(s)
	}
	switch {
	case f.cause != stats.CauseNone:
		l.fail(s, f)
	case s.state == stateFinishing: // a FIN that came with the close frame came when that did: phase fin is 0
		l.finish(s, s.phaseNs)
	}
}

// expire handles the slots whose timeout was over when the sweep began, and gives up what
// is left after an interrupt when its grace was. What their testees had sent by then has
// been read.
func (l *loop) expire() {
	ownNs := l.stalls.own(l.sweep.beganNs)
	for q := range l.queues {
		t := &l.queues[q]
		for i := t.expired(l.slots.all, ownNs); i != noSlot; i = t.expired(l.slots.all, ownNs) {
			l.timedOut(queue(q), &l.slots.all[i])
		}
	}
	if ownNs >= l.graceNs {
		l.giveUp()
	}
}

// checkStop ends starting when the run is interrupted. A deferred start is ended with it:
// nothing has been sent for it yet.
func (l *loop) checkStop() {
	if !l.stopping && l.stop.Load() {
		l.stopping = true
		l.pacer.stop(l.nowNs)
		l.endDeferred()
		l.graceNs = l.stalls.own(l.nowNs) + int64(l.cfg.CloseTimeout)
	}
}

// close gives back what newLoop took.
func (l *loop) close() {
	l.poller.close()
	l.buffers.close()
	l.sched.Close()
	if l.hardware != nil {
		l.hardware.Close()
	}
}

// loopPart is one loop's share of the run.
type loopPart struct {
	number, cpu int
	beside      bool // the testee is on this machine
	load        Load
	slots       int
	testee      testee
	window      *window
}

// newLoop allocates everything that a loop needs. If it fails, nothing is left open.
func newLoop(cfg *Config, part loopPart) (*loop, error) {
	seed, err := randomSeed()
	if err != nil {
		return nil, err
	}
	random := rand.NewChaCha8(seed)
	poller, err := newPoller(cfg.batch().events)
	if err != nil {
		return nil, err
	}
	buffers, err := newBuffers(part.slots, cfg.Rules.MaxBytes)
	if err != nil {
		poller.close()
		return nil, fmt.Errorf("loop %d: %w", part.number, err)
	}
	l := &loop{
		number: part.number, cpu: part.cpu, beside: part.beside, window: part.window,
		cfg: cfg, testee: part.testee, batch: cfg.batch(), timing: newTiming(cfg.Timestamps), pacer: newPacer(part.load, part.slots, random),
		poller: poller, slots: newSlots(part.slots), queues: newQueues(cfg), buffers: buffers,
		inbox: make([]byte, inboxBytes), outbox: make([]byte, 0, maxOutbox),
		random: random, rec: newRecorder(cfg, part.load), intervals: newIntervals(cfg.Interval),
		stalls: newStalls(cfg.leastTimeout()), graceNs: never,
	}
	if cfg.TLS != nil {
		l.tls = newTLSLayer(cfg.TLS, part.slots)
	}
	if cfg.warms() { // the run: this loop may have no share of a few connections
		l.warming, l.warm = true, stats.NewRecorder(nil)
	}
	return l, nil
}

func newRecorder(cfg *Config, load Load) *stats.Recorder {
	var log *stats.ConnLog
	if cfg.Log {
		log = stats.NewConnLog(load.Connections)
	}
	rec := stats.NewRecorder(log)
	if cfg.Samples > 0 {
		rec.KeepReplies(cfg.Samples)
	}
	if cfg.Interval > 0 {
		rec.RecordIntervals(new(stats.IntervalRecorder))
	}
	return rec
}

// settle names the loop's thread, so that a profile can be split by it, and pins it to
// its CPU. A loop that is not pinned shares its CPUs with a testee on this machine.
func (l *loop) settle() error {
	host.NameThread(fmt.Sprintf("wsperf-loop-%d", l.number))
	l.sched = host.OpenSchedStat()
	l.hardware, _ = l.hardwareSet.Open() // without counters, the run goes on
	if l.pacer.schedule != nil {
		host.SharpenTimers()
	}
	if l.cpu < 0 {
		if l.beside && l.pacer.schedule == nil {
			host.BatchThread()
		}
		return nil
	}
	if err := host.PinThread([]int{l.cpu}); err != nil {
		return fmt.Errorf("loop %d: %w", l.number, err)
	}
	return nil
}
