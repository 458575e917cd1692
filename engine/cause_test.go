package engine

import (
	"maps"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// TestCausesOfErrnos is the table of all errnos that the engine tells apart, at each moment
// at which one can come.
func TestCausesOfErrnos(t *testing.T) {
	const other = unix.EPROTO // stands for any errno that is not named
	opening := func(e unix.Errno) stats.Cause { return traitsOf[stateOpening].cut(e) }
	closing := func(e unix.Errno) stats.Cause { return traitsOf[stateClosing].cut(e) }
	for _, c := range []struct {
		errno                                       unix.Errno
		socket, bind, connect, inOpening, inClosing stats.Cause
	}{
		{unix.EMFILE, stats.CauseFDLimit, stats.CauseFDLimit, stats.CauseConnectOther, stats.CauseClientOther, stats.CauseClientOther},
		{unix.ENFILE, stats.CauseFDLimit, stats.CauseFDLimit, stats.CauseConnectOther, stats.CauseClientOther, stats.CauseClientOther},
		{unix.ENOMEM, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory},
		{unix.ENOBUFS, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory, stats.CauseMemory},
		{unix.EADDRNOTAVAIL, stats.CauseClientOther, stats.CauseSource, stats.CausePortsExhausted, stats.CauseClientOther, stats.CauseClientOther},
		{unix.EACCES, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther},
		{unix.EPERM, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther},
		{unix.EINVAL, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther, stats.CauseClientOther},
		{unix.ECONNREFUSED, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectRefused, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{unix.ETIMEDOUT, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectTimeout, stats.CauseOpenTimeout, stats.CauseCloseTimeout},
		{unix.ECONNRESET, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectReset, stats.CauseOpenReset, stats.CauseCloseReset},
		{unix.EPIPE, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectReset, stats.CauseOpenReset, stats.CauseCloseReset},
		{unix.ENETUNREACH, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectUnreachable, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{unix.EHOSTUNREACH, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectUnreachable, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{unix.EHOSTDOWN, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectUnreachable, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{unix.ENETDOWN, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectUnreachable, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{unix.ENONET, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectUnreachable, stats.CauseOpenUnreachable, stats.CauseCloseUnreachable},
		{other, stats.CauseClientOther, stats.CauseClientOther, stats.CauseConnectOther, stats.CauseClientOther, stats.CauseClientOther},
	} {
		for _, moment := range []struct {
			name  string
			cause func(unix.Errno) stats.Cause
			want  stats.Cause
		}{
			{"socket", socketCause, c.socket}, {"bind", sourceCause, c.bind}, {"connect", connectCause, c.connect},
			{"opening", opening, c.inOpening}, {"closing", closing, c.inClosing},
		} {
			if got := moment.cause(c.errno); got != moment.want {
				t.Errorf("%s in %s: %v, want %v", unix.ErrnoName(c.errno), moment.name, got, moment.want)
			}
		}
	}
}

// TestErrnosOfTheRun connects to a link-local address without a zone, which connect(2)
// refuses with EINVAL (ipv6(7)).
func TestErrnosOfTheRun(t *testing.T) {
	cfg := validConfig(t, "[fe80::1]:9")
	cfg.Connections = 20
	result := do(t, cfg)
	want := map[int]uint64{int(unix.EINVAL): 20}
	if got := result.Errnos[stats.CauseClientOther]; result.Causes[stats.CauseClientOther] != 20 || !maps.Equal(got, want) {
		t.Errorf("causes %v, errnos %v, want %v", causes(result), got, want)
	}
}

// TestErrnosOfFailures checks that a failure keeps the errno, wherever it comes from.
func TestErrnosOfFailures(t *testing.T) {
	const errno = unix.EPROTO
	for _, state := range []state{stateOpening, stateClosing} {
		if f := new(loop).lost(&slot{state: state}, errno); f.cause != stats.CauseClientOther || f.errno != uint16(errno) {
			t.Errorf("lost in state %v: %+v", state, f)
		}
	}
	if f := failed(connectCause(errno), errno); f.cause != stats.CauseConnectOther || f.errno != uint16(errno) {
		t.Errorf("connect: %+v", f)
	}
}
