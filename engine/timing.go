package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// The kernel stamps what it receives for a socket with SO_TIMESTAMPNS (socket(7)). The stamp
// of a response says when it came to this machine. What passed until its loop read it is lag:
// the client's own delay. While any socket on the machine has the option, the kernel stamps
// all packets (net_enable_timestamp in net/core/dev.c, Linux 6.18), so the cost is mostly that
// of having it at all.

// timedOf: by default one connection in so many is timed. It is a prime, so that sampling does
// not fall into step with batches, whose sizes are often powers of two.
const timedOf = 61

// timing chooses the connections that are timed. The zero value chooses none.
type timing struct {
	every, left int
	kernel      bool // phases end when the kernel has the response
}

func newTiming(t stats.Timestamps) timing {
	switch t {
	case stats.TimestampsKernel:
		return timing{every: 1, kernel: true}
	case stats.TimestampsNone:
		return timing{}
	}
	return timing{every: timedOf, left: timedOf / 2}
}

// due reports whether the next connection is timed.
func (t *timing) due() bool {
	if t.left > 1 {
		t.left--
		return false
	}
	t.left = t.every
	return t.every > 0
}

// unknownLag is the lag of a response without a stamp.
const unknownLag = -1

// receiveTimed reads like receiveSocket, and finds out how long the last byte of what it has
// read had been here. If that is of frames behind the response, the response came earlier: TCP
// merges segments that wait, and keeps the last one's stamp (tcp_try_coalesce in
// net/ipv4/tcp_input.c, Linux 6.18). Lag is then too short, and the end of phase open too late.
func (l *loop) receiveTimed(s *slot, b []byte) (n int, errno unix.Errno) {
	n, stampNs, errno := l.stamped.receive(s.fd, b)
	s.sample.Ns[stats.PhaseLag] = unknownLag
	if stampNs > 0 {
		s.sample.Ns[stats.PhaseLag] = time.Now().UnixNano() - stampNs
	}
	return n, errno
}

// arrived returns when the response that has just been validated arrived: by the kernel's
// stamp if Config.Timestamps asks for that and there is one, otherwise now. Stamps are of the
// wall clock. If that was set meanwhile, the lag is negative or longer than the phase, and is
// not recorded.
func (l *loop) arrived(s *slot, nowNs int64) int64 {
	if !s.marks.has(markTimed) {
		return nowNs
	}
	lagNs := s.sample.Ns[stats.PhaseLag]
	if lagNs < 0 || lagNs > nowNs-s.phaseNs {
		return nowNs
	}
	s.sample.Reached = s.sample.Reached.With(stats.PhaseLag)
	if l.timing.kernel {
		return nowNs - lagNs
	}
	return nowNs
}
