package main

import (
	"slices"
	"strings"

	"wsperf/stats"
)

// beginnings are what happens before the testee has a request, on ports of
// their own.
func beginnings() []behaviour {
	// What is done right after accept(2) races with the request.
	racing := func(causes ...stats.Cause) []stats.Cause { return causes }
	return []behaviour{
		{"refused", "nobody listens", one(stats.CauseConnectRefused), atOnce, nobodyListens, nil},
		{"unaccepted", "the listener's queue is full: no answer to the SYN", one(stats.CauseConnectTimeout), connectTimeout, nobodyAccepts, nil},
		{"accept-rst", "RST right after accept", racing(stats.CauseOpenReset, stats.CauseConnectReset), atOnce, onAccept, (*peer).reset},
		{"accept-close", "closed right after accept: FIN, or RST if the request is there", racing(stats.CauseOpenEOF, stats.CauseOpenReset), atOnce, onAccept,
			func(p *peer) { p.conn.Close() }},
		{"accept-fin", "FIN right after accept; the request is read", one(stats.CauseOpenEOF), atOnce, onAccept, (*peer).fin},
		{"accept-silence", "silence right after accept", one(stats.CauseOpenTimeout), openTimeout, onAccept, (*peer).silence},
		{"unread", "closed with the request unread: RST", one(stats.CauseOpenReset), atOnce, onAccept,
			func(p *peer) { p.awaitRequest(); p.conn.Close() }},
		{"smtp", "a mail server's banner", one(stats.CauseOpenMalformed), atOnce, onAccept,
			func(p *peer) { _ = p.say("220 mail.example ESMTP\r\n"); p.silence() }},
		{"smtp-gone", "a mail server's banner and FIN", one(stats.CauseOpenMalformed), atOnce, onAccept,
			func(p *peer) { _ = p.say("220 mail.example ESMTP\r\n") }},
		{"unasked", "a 101 before the request, for no key", one(stats.CauseOpenBadAccept), atOnce, onAccept, func(p *peer) { p.open("") }},
	}
}

// moment is a point in a connection's life at which the testee may end it.
type moment struct {
	name, when string
	reach      func(*peer)
	phase      stats.Phase // that is under way
}

func moments() []moment {
	said := func(s string) func(*peer) { return func(p *peer) { _ = p.say(s) } }
	return []moment{
		{"request", "when the request is there", func(*peer) {}, stats.PhaseOpen},
		{"status", "in the status line", said("HTTP/1.1 101 Swit"), stats.PhaseOpen},
		{"header", "in a header", said(statusLine + "Upgr"), stats.PhaseOpen},
		{"accept", "in the accept key", said(statusLine + upgradeLine + "\r\n" + connectionLine + "\r\nSec-WebSocket-Accept: s3p"), stats.PhaseOpen},
		{"blank", "before the last byte of the response", said(strings.TrimSuffix(plainHead, "\n")), stats.PhaseOpen},
		{"open", "behind the response", said(plainHead), stats.PhaseClose},
		{"frame", "in a frame's header, glued to the 101", said(plainHead + "\x82\x7e\x01"), stats.PhaseClose},
		{"payload", "in a frame's payload", func(p *peer) { p.begin(); _ = p.say("\x82\x7dxxx") }, stats.PhaseClose},
		{"close", "when our close frame is there", (*peer).begin, stats.PhaseClose},
		{"reply", "in the close frame", func(p *peer) { p.begin(); _ = p.say("\x88\x02\x03") }, stats.PhaseClose},
		{"end", "behind the close frame", func(p *peer) { p.begin(); _ = p.say(closeNormal) }, stats.PhaseFin},
	}
}

// endings end the connection in each way at each moment.
func endings() (rows []behaviour) {
	for _, e := range []struct {
		name, does string
		do         func(*peer)
		bound      map[stats.Phase]bound
		causes     map[stats.Phase]stats.Cause // none behind both handshakes
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

// drips never stop for as long as the timeout: it is for the whole, not for a
// read. At a byte every 20 ms each would take more than a second.
func drips() []behaviour {
	slow := func(name, does string, cause stats.Cause, b bound, do func(*peer)) behaviour {
		return behaviour{name: name, does: does, causes: one(cause), bound: b, do: do}
	}
	return []behaviour{
		slow("drip-response", "the response at a byte every 20 ms", stats.CauseOpenTimeout, openTimeout, func(p *peer) { p.drip(plainHead) }),
		slow("drip-headers", "a header every 20 ms, endlessly", stats.CauseOpenTimeout, openTimeout, func(p *peer) {
			_ = p.say(statusLine)
			p.dripEndlessly("X: x\r\n")
		}),
		slow("drip-interim", "a 103 every 20 ms, endlessly", stats.CauseOpenTimeout, openTimeout, func(p *peer) {
			p.dripEndlessly("HTTP/1.1 103 Early Hints\r\n\r\n")
		}),
		slow("drip-close", "a close frame with a long reason at a byte every 20 ms", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.begin()
			p.drip("\x88\x7d\x03\xe8" + strings.Repeat("x", 123))
		}),
		slow("drip-data", "a message of 125 bytes at a byte every 20 ms", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.begin()
			p.drip("\x82\x7d" + strings.Repeat("x", 125))
		}),
		slow("drip-pings", "a ping every 20 ms, endlessly", stats.CauseCloseTimeout, closeTimeout, func(p *peer) {
			p.open("")
			p.dripEndlessly("\x89\x00")
		}),
		slow("drip-fin", "a byte every 20 ms behind the close frame, endlessly, and no FIN", stats.CauseNone, closeTimeout, func(p *peer) {
			p.begin()
			_ = p.say(closeNormal)
			p.dripEndlessly("x")
		}),
	}
}

// succeeds reports whether every connection with this row is a success.
func (b *behaviour) succeeds() bool { return slices.Equal(b.causes, one(stats.CauseNone)) }
