package engine

import (
	"net/netip"
	"time"
)

// Sockets are kept for the next connection of their slot if our FIN is acknowledged at
// once, as on loopback. Keeping one saves creating and destroying a socket, a file, a
// descriptor and an epoll entry: a tenth of the CPU of a handshake.
//
// On the wire a kept socket differs from a new one only in its initial sequence number.
// It continues its sequence numbers; a new socket derives one from addresses, ports and
// time, which grows for the same ports (RFC 6528). So a kept socket's SYN may carry a
// lower number than the last connection with the same ports, which the testee has in
// TIME_WAIT. The SYN is accepted if its timestamp is newer (RFC 6191 section 2), and
// otherwise dropped and retransmitted later. So no socket is kept without TCP
// timestamps, or if ports are reused too soon.

// leastPortsToKeep is how many free local ports there must be. With fewer, one can be reused
// within a millisecond, the unit of TCP timestamps. Connect(2) goes through the ports in
// steps of up to 16 (__inet_hash_connect in net/ipv4/inet_hashtables.c, Linux 6.18), so
// 16384 ports last a thousand connections, more than any machine makes in a millisecond.
const leastPortsToKeep = 16 << 10

// keepTolerance is how many ports may be missing from an estimate of leastPortsToKeep: a few
// ports are always taken, and each that is in the sample stands for many.
const keepTolerance = leastPortsToKeep / 16

// enoughToKeep reports whether there are enough local ports that are not reserved, and
// enough of them free, to keep sockets for connections to a testee.
func enoughToKeep(local []uint16, testee netip.Addr) bool {
	return len(local) >= leastPortsToKeep && freePorts(local, testee) >= leastPortsToKeep-keepTolerance
}

// keptFor is how long an unused socket is kept at least. Unused sockets are closed so
// that a burst does not tie up descriptors and kernel memory for the rest of the run.
const keptFor = time.Second

// closesPerWait is how many idle sockets are closed at most before the loop looks for
// events again.
const closesPerWait = 16

// keepSocket ends a TCP connection whose testee has sent its FIN, and keeps the socket
// for the slot's next connection. It returns false if the socket must be closed. Our FIN
// must be acknowledged, which on loopback happens before shutdown(2) returns; otherwise
// close(2) leaves its retransmission to the kernel.
func (l *loop) keepSocket(s *slot) bool {
	t := l.to(s)
	if l.pacer.done() || !t.keep.due() || !t.hasTimestamps(s.fd) {
		return false
	}
	if !disconnect(s) {
		t.keep.missed()
		return false
	}
	t.keep.worked()
	return true
}

// hasTimestamps bars keeping sockets if the first connection has no TCP timestamps.
func (t *testee) hasTimestamps(fd int32) bool {
	if t.timestamps {
		return true
	}
	t.timestamps = hasTimestamps(fd)
	if !t.timestamps {
		t.keep.bar()
	}
	return t.timestamps
}

// disconnect ends the slot's TCP connection, and leaves a socket as if it had never been
// connected.
func disconnect(s *slot) bool {
	return finishSocket(s.fd) && (s.port == 0 || setLocalPort(s.fd, 0) == 0) && disconnectSocket(s.fd) == 0
}

// idleSockets is the state of closeIdle.
type idleSockets struct {
	checkNs int64 // when to read the low-water mark again
	count   int   // slots at the bottom of the stack that are idle and may still have a socket
}

// closeIdle closes the sockets of slots that have been free for longer than keptFor.
// The slot released last is taken first, so these are at the bottom of the stack of free
// slots. Their number is the low-water mark of the stack in the last keptFor.
func (l *loop) closeIdle() {
	idle, t := &l.idle, &l.slots
	if l.nowNs >= idle.checkNs {
		idle.checkNs = l.nowNs + int64(keptFor)
		idle.count, t.lowWater = t.lowWater, len(t.free)
	}
	idle.count = min(idle.count, len(t.free))
	for range min(idle.count, closesPerWait) {
		idle.count--
		l.closeFD(&t.all[t.free[idle.count]])
	}
}

// closeKept closes all kept sockets at the end of a run.
func (l *loop) closeKept() {
	for i := range l.slots.used {
		l.closeFD(&l.slots.all[i])
	}
}
