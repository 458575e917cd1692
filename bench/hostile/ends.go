package main

import (
	"slices"
	"strings"

	"wsperf/stats"
)

// beforeRequest are behaviours that begin before the testee has a request, on
// ports of their own.
func beforeRequest() []behaviour {
	// What happens right after accept(2) races with the request.
	racing := func(causes ...stats.Cause) []stats.Cause { return causes }
	return []behaviour{
		{"refused", "no socket listens", one(stats.CauseConnectRefused), atOnce, noListener, nil, nil},
		{"accept-queue", "the listener's accept queue is full: the SYN is dropped", one(stats.CauseConnectTimeout), connectTimeout, fullQueue, nil, nil},
		{"accepted-rst", "RST right after accept(2)", racing(stats.CauseOpenReset, stats.CauseConnectReset), atOnce, onAccept, (*peer).reset, nil},
		{"accepted-close", "close(2) right after accept(2): FIN, or RST if the request has arrived", racing(stats.CauseOpenEOF, stats.CauseOpenReset), atOnce, onAccept,
			func(p *peer) { p.conn.Close() }, nil},
		{"accepted-fin", "FIN right after accept(2); the request is read", one(stats.CauseOpenEOF), atOnce, onAccept, (*peer).fin, nil},
		{"accepted-silence", "silence after accept(2)", one(stats.CauseOpenTimeout), openTimeout, onAccept, (*peer).silence, nil},
		{"unread", "close(2) with the request unread: RST", one(stats.CauseOpenReset), atOnce, onAccept,
			func(p *peer) { p.awaitRequest(); p.conn.Close() }, nil},
		{"smtp", "a mail server's banner", one(stats.CauseOpenMalformed), atOnce, onAccept,
			func(p *peer) { _ = p.send("220 mail.example ESMTP\r\n"); p.silence() }, nil},
		{"smtp-fin", "a mail server's banner, then FIN", one(stats.CauseOpenMalformed), atOnce, onAccept,
			func(p *peer) { _ = p.send("220 mail.example ESMTP\r\n") }, nil},
		{"unsolicited", "a 101 before the request, with the accept key for a key of 24 zero bytes", one(stats.CauseOpenBadAccept), atOnce, onAccept, func(p *peer) { p.open("") }, nil},
	}
}

// moment is a point in the life of a connection at which the testee ends it.
type moment struct {
	name, when string
	reach      func(*peer)
	phase      stats.Phase // the client's phase at that point
}

func moments() []moment {
	sending := func(s string) func(*peer) { return func(p *peer) { _ = p.send(s) } }
	return []moment{
		{"request", "after the request", func(*peer) {}, stats.PhaseOpen},
		{"status", "within the status line", sending("HTTP/1.1 101 Swit"), stats.PhaseOpen},
		{"header", "within a header", sending(statusLine + "Upgr"), stats.PhaseOpen},
		{"accept", "within the accept key", sending(statusLine + upgradeLine + "\r\n" + connectionLine + "\r\nSec-WebSocket-Accept: s3p"), stats.PhaseOpen},
		{"blank", "before the last byte of the response", sending(strings.TrimSuffix(plainHead, "\n")), stats.PhaseOpen},
		{"open", "after the response", sending(plainHead), stats.PhaseClose},
		{"frame", "within a frame's header in the same write as the 101", sending(plainHead + "\x82\x7e\x01"), stats.PhaseClose},
		{"payload", "within a frame's payload", func(p *peer) { p.untilClose(); _ = p.send("\x82\x7dxxx") }, stats.PhaseClose},
		{"close", "after the client's close frame", (*peer).untilClose, stats.PhaseClose},
		{"reply", "within the testee's close frame", func(p *peer) { p.untilClose(); _ = p.send("\x88\x02\x03") }, stats.PhaseClose},
		{"end", "after the testee's close frame", func(p *peer) { p.untilClose(); _ = p.send(closeNormal) }, stats.PhaseFin},
	}
}

// endings end the connection by RST, FIN and silence at each moment.
func endings() (rows []behaviour) {
	for _, e := range []struct {
		name, does string
		do         func(*peer)
		bound      map[stats.Phase]bound
		causes     map[stats.Phase]stats.Cause // CauseNone after both handshakes
	}{
		{"rst", "RST", (*peer).reset, nil,
			map[stats.Phase]stats.Cause{stats.PhaseOpen: stats.CauseOpenReset, stats.PhaseClose: stats.CauseCloseReset}},
		{"fin", "FIN", (*peer).fin, nil,
			map[stats.Phase]stats.Cause{stats.PhaseOpen: stats.CauseOpenEOF, stats.PhaseClose: stats.CauseCloseEOF}},
		{"silence", "silence", (*peer).silence,
			map[stats.Phase]bound{stats.PhaseOpen: openTimeout, stats.PhaseClose: closeTimeout, stats.PhaseFin: closeTimeout},
			map[stats.Phase]stats.Cause{stats.PhaseOpen: stats.CauseOpenTimeout, stats.PhaseClose: stats.CauseCloseTimeout}},
	} {
		for _, m := range moments() {
			rows = append(rows, behaviour{name: e.name + "-" + m.name, does: e.does + " " + m.when,
				causes: one(e.causes[m.phase]), bound: e.bound[m.phase], do: func(p *peer) { m.reach(p); e.do(p) }})
		}
	}
	return rows
}

// drips never pause for as long as a timeout, but a timeout bounds the whole
// phase, not a single read. At one byte every 20 ms each takes more than a second.
func drips() []behaviour {
	slow := func(name, does string, cause stats.Cause, b bound, do func(*peer)) behaviour {
		return behaviour{name: name, does: does, causes: one(cause), bound: b, do: do}
	}
	return []behaviour{
		slow("drip-response", "the response, one byte every 20 ms", stats.CauseOpenTimeout, openTimeout, func(p *peer) { p.drip(plainHead) }),
		slow("drip-headers", "endless headers, one every 20 ms", stats.CauseOpenTimeout, openTimeout, func(p *peer) {
			_ = p.send(statusLine)
			p.dripEndlessly("X: x\r\n")
		}),
		slow("drip-interim", "endless 103 responses, one every 20 ms", stats.CauseOpenTimeout, openTimeout, func(p *peer) {
			p.dripEndlessly("HTTP/1.1 103 Early Hints\r\n\r\n")
		}),
		slow("drip-close", "a close frame with a long reason, one byte every 20 ms", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.untilClose()
			p.drip("\x88\x7d\x03\xe8" + strings.Repeat("x", 123))
		}),
		slow("drip-data", "a message of 125 bytes, one byte every 20 ms", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.untilClose()
			p.drip("\x82\x7d" + strings.Repeat("x", 125))
		}),
		slow("drip-pings", "endless pings, one every 20 ms", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.open("")
			p.dripEndlessly("\x89\x00")
		}),
		slow("drip-fin", "endless bytes after the testee's close frame, one every 20 ms, and no FIN", stats.CauseNone, closeTimeout, func(p *peer) {
			p.untilClose()
			_ = p.send(closeNormal)
			p.dripEndlessly("x")
		}),
	}
}

// succeeds reports whether every connection of the row must succeed.
func (b *behaviour) succeeds() bool { return slices.Equal(b.causes, one(stats.CauseNone)) }
