package engine

import "time"

// Sockets are kept for the next connection of their slot where our FIN is acknowledged
// at once, as on loopback. That saves making and unmaking socket, file, descriptor and
// epoll entry, a tenth of the CPU of a handshake.
//
// On the wire a kept socket differs from a new one only in its initial sequence number:
// it counts its sequence numbers on, where a new socket draws them for its pair of
// ports such that they grow. A SYN for a pair that the testee still has in TIME_WAIT
// may so carry a lower number than the connection before. It is accepted for its newer
// timestamp (RFC 6191 section 2); without that, it is dropped and sent again later. So
// no socket is kept without TCP timestamps, or where ports are used again too soon.

// leastPortsToKeep is how many local ports there must be. With fewer, one can be used
// again within the millisecond that TCP timestamps count in. Connect(2) goes through
// the ports in steps of up to 16 (__inet_hash_connect in net/ipv4/inet_hashtables.c,
// Linux 6.18), so 16384 ports last a thousand connections, which no machine makes in a
// millisecond.
const leastPortsToKeep = 16 << 10

// keptFor is how long a socket is kept at least without being used: after a burst a
// loop must not sit on descriptors and kernel memory that it has no use for.
const keptFor = time.Second

// closesPerWait bounds how many idle sockets are closed before the loop looks for
// events again.
const closesPerWait = 16

// keepSocket ends a TCP connection whose testee has sent its FIN, and keeps the socket
// for the slot's next connection. It returns false if the socket must be closed: unless
// our FIN is acknowledged, on loopback before shutdown(2) returns, it is for close(2) to
// leave the rest to the kernel.
func (l *loop) keepSocket(s *slot) bool {
	t := l.to(s)
	if l.pacer.done() || !t.keep.on() {
		return false
	}
	if !t.timestamps {
		if !hasTimestamps(s.fd) {
			t.keep.giveUp()
			return false
		}
		t.timestamps = true
	}
	if !finishSocket(s.fd) {
		t.keep.missed()
		return false
	}
	t.keep.worked()
	if s.port != 0 && setLocalPort(s.fd, 0) != 0 {
		return false
	}
	return disconnectSocket(s.fd) == 0
}

// idleSockets finds the kept sockets that are not needed.
type idleSockets struct {
	checkNs int64 // when to count again
	count   int   // slots at the bottom of the stack that are idle and may still have a socket
}

// closeIdle closes the sockets of slots that have been free for longer than keptFor.
// The slot released last is taken first, so these are at the bottom of the stack of free
// slots: as many as its low-water mark since the last count.
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

// closeKept closes the sockets that were kept and not used again.
func (l *loop) closeKept() {
	for i := range l.slots.used {
		l.closeFD(&l.slots.all[i])
	}
}
