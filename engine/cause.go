package engine

import (
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// socketCause returns the cause for an errno of socket(2) or epoll_ctl(2).
func socketCause(errno unix.Errno) stats.Cause {
	switch errno {
	case 0:
		return stats.CauseNone
	case unix.EMFILE, unix.ENFILE:
		return stats.CauseFDLimit
	case unix.ENOMEM, unix.ENOBUFS:
		return stats.CauseMemory
	}
	return stats.CauseClientOther
}

// sourceCause returns the cause for an errno of bindSocket. The address was there
// before the run, so EADDRNOTAVAIL says that it has gone (bind(2)).
func sourceCause(errno unix.Errno) stats.Cause {
	if errno == unix.EADDRNOTAVAIL {
		return stats.CauseSource
	}
	return socketCause(errno)
}

// connectCause returns the cause for an errno of a TCP handshake (connect(2), tcp(7),
// ip(7)).
func connectCause(errno unix.Errno) stats.Cause {
	switch errno {
	case 0, unix.EINPROGRESS: // the handshake goes on (connect(2))
		return stats.CauseNone
	case unix.ECONNREFUSED:
		return stats.CauseConnectRefused
	case unix.ETIMEDOUT:
		return stats.CauseConnectTimeout
	case unix.ECONNRESET, unix.EPIPE:
		return stats.CauseConnectReset
	case unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EHOSTDOWN, unix.ENETDOWN, unix.ENONET:
		return stats.CauseConnectUnreachable
	case unix.EADDRNOTAVAIL:
		return stats.CausePortsExhausted
	case unix.ENOMEM, unix.ENOBUFS:
		return stats.CauseMemory
	case unix.EAGAIN, unix.EACCES, unix.EPERM, unix.EINVAL:
		return stats.CauseClientOther
	}
	return stats.CauseConnectOther
}

// cut returns the cause for an errno of send or receive on an established connection
// (tcp(7)). The kernel says ETIMEDOUT, or the ICMP error that it saw last, when it gives up
// retransmitting (tcp_write_err in net/ipv4/tcp_timer.c, Linux 6.18; tcp_retries2).
func (t *traits) cut(errno unix.Errno) stats.Cause {
	switch errno {
	case unix.ECONNRESET, unix.EPIPE:
		return t.reset
	case unix.ETIMEDOUT:
		return t.late
	case unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EHOSTDOWN, unix.ENETDOWN, unix.ENONET, unix.ECONNREFUSED:
		return t.lost
	case unix.ENOMEM, unix.ENOBUFS:
		return stats.CauseMemory
	}
	return stats.CauseClientOther
}

// openCause returns the cause for an error of handshake.Parser.
func openCause(err error) stats.Cause {
	switch err {
	case handshake.ErrStatus:
		return stats.CauseOpenStatus
	case handshake.ErrTooLarge:
		return stats.CauseOpenTooLarge
	case handshake.ErrBadUpgrade:
		return stats.CauseOpenBadUpgrade
	case handshake.ErrBadConnection:
		return stats.CauseOpenBadConnection
	case handshake.ErrBadAccept:
		return stats.CauseOpenBadAccept
	case handshake.ErrBadSubprotocol:
		return stats.CauseOpenBadSubprotocol
	case handshake.ErrBadExtension:
		return stats.CauseOpenBadExtension
	}
	return stats.CauseOpenMalformed
}

// frameCause returns the cause for an error of handshake.FrameReader.
func frameCause(err error) stats.Cause {
	if err == handshake.ErrFlood {
		return stats.CauseCloseFlood
	}
	return stats.CauseCloseProtocol
}
