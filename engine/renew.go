package engine

import "time"

// maxRenewMisses is how often in a row a FIN is not acknowledged at once before a
// loop gives up keeping sockets: across a network it never is.
const maxRenewMisses = 4

// leastPortsToRenew: with fewer local ports one can come again within the
// millisecond that TCP timestamps count in. Connect(2) goes through them in steps of
// up to 16 (__inet_hash_connect in net/ipv4/inet_hashtables.c, Linux 6.18), which is
// a thousand connections here: no machine makes these in a millisecond.
const leastPortsToRenew = 16 << 10

// keptFor is how long a socket is kept at least without being used: after a burst
// a loop must not sit on descriptors and kernel memory that it has no use for.
const keptFor = time.Second

// closesPerWait bounds how many of those are closed before the loop looks for
// events again.
const closesPerWait = 16

// renewals is what a loop knows of keeping sockets.
type renewals struct {
	timestamps bool  // seen on a connection
	misses     int   // times in a row that a FIN was not acknowledged at once
	lookNs     int64 // when to look for idle slots
	idle       int   // slots at the bottom of the stack that were idle and not closed yet
}

func newRenewals(localPorts int) (r renewals) {
	if localPorts < leastPortsToRenew {
		r.giveUp()
	}
	return r
}

func (r *renewals) giveUp() { r.misses = maxRenewMisses }

// renew ends a TCP connection whose testee has sent its FIN, and keeps the
// socket for the slot's next connection. On the wire that is the same as
// close(2) and a new socket; what is saved is the making and unmaking of socket,
// file, descriptor and epoll's entry, a tenth of the CPU of a handshake. False when
// the socket must be closed.
//
// The socket can be used again once our FIN is acknowledged, on loopback before
// shutdown(2) returns. Otherwise close(2) leaves it to the kernel to see to that.
//
// A kept socket counts its sequence numbers on, where a new one draws them for
// its pair of ports such that they grow. A SYN for a pair that the testee still
// has in TIME_WAIT may so come with a lower number, and is taken for its newer
// timestamp only (RFC 6191 section 2); if not, it is sent again later. So without
// TCP timestamps, or where ports come again too soon, no socket is kept.
func (l *loop) renew(s *slot) bool {
	r := &l.renewals
	if l.pacer.left == 0 || r.misses == maxRenewMisses {
		return false
	}
	if !r.timestamps {
		if !hasTimestamps(s.fd) {
			r.giveUp()
			return false
		}
		r.timestamps = true
	}
	if !finishSocket(s.fd) {
		r.misses++
		return false
	}
	r.misses = 0
	if s.port != 0 && setLocalPort(s.fd, 0) != 0 {
		return false
	}
	return disconnectSocket(s.fd) == 0
}

// closeIdle closes the sockets of slots that have been free for longer than
// keptFor. The slot released last is taken first, so those are at the bottom of
// the stack, as many as have been on it all the time.
func (l *loop) closeIdle() {
	r, t := &l.renewals, &l.slots
	if l.nowNs >= r.lookNs {
		r.lookNs = l.nowNs + int64(keptFor)
		r.idle, t.idle = t.idle, len(t.free)
	}
	r.idle = min(r.idle, len(t.free))
	for range min(r.idle, closesPerWait) {
		r.idle--
		l.hangUp(&t.all[t.free[r.idle]])
	}
}

// closeKept closes the sockets that were kept and not used again.
func (l *loop) closeKept() {
	for i := range l.slots.used {
		l.hangUp(&l.slots.all[i])
	}
}
