package emulator

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// spin is how long before a packet is due the thread wakes up. A sleep of ppoll(2) ends
// 10 to 60 microseconds late, although the timer slack is 1 ns (prctl(2),
// PR_SET_TIMERSLACK).
const spin = 80 * time.Microsecond

// niceness gives the thread a CPU soon after it wakes up (sched(7)). It cannot keep one from
// client and testee: it sleeps unless packets are due.
const niceness = -20

// direction is one of the two directions of a link.
type direction struct {
	shaper
	in, out *device
	fromFar bool
}

// forwarder is the thread that passes packets. Everything in it but the wake-up is the
// thread's own while it holds the link's lock.
type forwarder struct {
	link       *Link
	directions [2]direction
	transit    transit
	wake       int // eventfd(2) that ends the thread
	buffer     []byte
	spare      [][]byte // of packets that were delivered
}

// run passes packets until the link is closed. A thread of its own, because the timer
// slack is a thread's, and a goroutine would wait for one of the scheduler's.
func (f *forwarder) run() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)               // refused: a sleep is 50 microseconds longer
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness) // refused: others may delay the thread by milliseconds
	fds := []unix.PollFd{{Fd: int32(f.wake), Events: unix.POLLIN}, {Fd: int32(f.directions[0].in.fd), Events: unix.POLLIN}, {Fd: int32(f.directions[1].in.fd), Events: unix.POLLIN}}
	for fds[0].Revents == 0 {
		f.pass()
		timeout := f.untilNext()
		_, _ = unix.Ppoll(fds, &timeout, nil) // EINTR: passes what is due
	}
	close(f.link.ended)
}

// pass reads what has come and delivers what is due, until the next packet is due later
// than in spin. It reads all before it delivers one, so that a packet does not wait,
// unseen, for the delivery of a burst: a delivery takes ten times as long.
func (f *forwarder) pass() {
	f.link.mu.Lock()
	defer f.link.mu.Unlock()
	for {
		f.receiveAll()
		if p, ok := f.transit.due(int64(f.link.now())); ok {
			f.deliver(p)
			continue
		}
		if next, any := f.transit.nextNs(); !any || next-int64(f.link.now()) > int64(spin) {
			f.link.cpu = threadCPU()
			return
		}
	}
}

// threadCPU is the CPU time of the calling thread (clock_gettime(2)).
func threadCPU() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) // cannot fail
	return time.Duration(t.Nano())
}

func (f *forwarder) receiveAll() {
	for i := range f.directions {
		for f.receive(&f.directions[i]) {
		}
	}
}

// untilNext is how long to sleep: without packets on their way, until one comes.
func (f *forwarder) untilNext() unix.Timespec {
	next, any := f.transit.nextNs()
	if !any {
		return unix.NsecToTimespec(int64(time.Hour))
	}
	return unix.NsecToTimespec(max(0, next-int64(f.link.now())-int64(spin)))
}

// receive reads one packet; false: there was none.
func (f *forwarder) receive(d *direction) bool {
	n, err := unix.Read(d.in.fd, f.buffer)
	if err != nil {
		return false
	}
	now := f.link.now()
	h, ok := headerOf(f.buffer[:n])
	if !ok {
		return true
	}
	p := Packet{Header: h, FromFar: d.fromFar, In: now}
	var dueNs int64
	p.Fate, dueNs = f.fate(d, &h, now, n)
	p.Due = time.Duration(dueNs)
	i := f.link.record.add(p)
	switch p.Fate {
	case Delivered:
		f.transit.add(inTransit{packet: f.copied(f.buffer[:n]), to: d, record: i, dueNs: dueNs})
	case Unreachable:
		f.answer(d, &h, f.buffer[:n], now)
	}
	return true
}

func (f *forwarder) fate(d *direction, h *Header, now time.Duration, size int) (Fate, int64) {
	if f.link.down {
		return Cut, 0
	}
	if !d.fromFar && f.link.isUnreachable(h.Destination) {
		return Unreachable, 0
	}
	return d.admit(int64(now), size)
}

// answer sends an ICMP message the other way, from the end of the link. It takes a round
// trip.
func (f *forwarder) answer(d *direction, h *Header, packet []byte, now time.Duration) {
	router := Far4.Addr()
	if h.Source.Is6() {
		router = Far6.Addr()
	}
	message := unreachable(packet, router)
	if message == nil {
		return
	}
	back := &f.directions[1]
	if fate, dueNs := back.admit(int64(now)+int64(d.cfg.Delay), len(message)); fate == Delivered {
		f.transit.add(inTransit{packet: message, to: back, record: noRecord, dueNs: dueNs})
	}
}

func (f *forwarder) deliver(p inTransit) {
	out, fate := f.link.now(), Delivered
	if _, err := unix.Write(p.to.out.fd, p.packet); err != nil {
		fate = Refused
	}
	f.link.record.delivered(p.record, out, fate)
	f.spare = append(f.spare, p.packet[:0])
}

// copied returns a copy of a packet, in memory that an earlier one had if there is any.
func (f *forwarder) copied(p []byte) []byte {
	var b []byte
	if last := len(f.spare) - 1; last >= 0 {
		b, f.spare = f.spare[last], f.spare[:last]
	}
	return append(b, p...)
}
