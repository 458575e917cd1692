package main

import (
	"crypto/tls"
	"strings"
	"time"

	"wsperf/stats"
)

// tlsMoment is a point in the life of a secured connection at which the testee ends it.
type tlsMoment struct {
	name, when string
	reach      func(*peer)
	phase      stats.Phase             // the client's phase at that point
	notify     func(p *peer, b []byte) // sends a close_notify, whose plaintext is b; nil: there are no keys for it
}

// cutting reaches a moment in the testee's flight.
func cutting(config func(*peer) *tls.Config, i, bytes int) func(*peer) {
	return func(p *peer) {
		p.tap.change = cut(i, bytes)
		_ = p.secure(config(p))
	}
}

// speaking reaches a moment behind the TLS handshake.
func speaking(reach func(*peer)) func(*peer) {
	return func(p *peer) {
		if p.secure(p.config("good")) == nil {
			reach(p)
		}
	}
}

func good(p *peer) *tls.Config { return p.config("good") }

// tlsMoments are in the order in which a connection reaches them.
func tlsMoments() []tlsMoment {
	inClear := func(p *peer, b []byte) { p.raw(record(typeAlert, b)) }
	within := func(p *peer, _ []byte) { p.notify() }
	inFlight := func(p *peer, b []byte) { p.raw(p.handshakeSealer(recordCertificate).seal(typeAlert, b)) }
	const secure, open, closing, fin = stats.PhaseSecure, stats.PhaseOpen, stats.PhaseClose, stats.PhaseFin
	asked := func(p *peer) { _ = p.request() }
	opened := func(p *peer) { asked(p); p.open("") }
	closed := func(p *peer) { asked(p); p.untilClose() }
	replied := func(p *peer) { closed(p); _ = p.send(closeNormal) }
	inRecord := func(i int, reach func(*peer)) func(*peer) {
		return speaking(func(p *peer) { p.tap.sent, p.tap.change = recordResponse, cut(i, 20); reach(p) })
	}
	return []tlsMoment{
		{"hello", "after the ClientHello", cutting(good, recordHello, 0), secure, inClear},
		{"server-hello", "within the ServerHello", cutting(good, recordHello, 40), secure, nil},
		{"extensions", "after the ServerHello", cutting(good, recordExtensions, 0), secure, nil},
		{"certificate", "before the certificate", cutting(good, recordCertificate, 0), secure, inFlight},
		{"in-certificate", "within the certificate", cutting(good, recordCertificate, 100), secure, nil},
		{"in-finished", "within the testee's Finished", cutting(good, recordFinished, 20), secure, nil},
		{"12-hello", "within a ServerHello of TLS 1.2", cutting((*peer).config12, recordHello, 40), secure, nil},
		{"12-flight", "after the testee's first flight of TLS 1.2", cutting((*peer).config12, 3, -1), secure, inClear},
		{"12-finished", "after the client's Finished of TLS 1.2", cutting((*peer).config12, record12Change, 0), secure, inClear},
		{"12-change", "after the testee's change_cipher_spec of TLS 1.2", cutting((*peer).config12, record12Finished, 0), secure, nil},
		{"flight", "after the testee's flight", cutting(good, recordFinished, -1), open, nil},
		{"finished", "after the client's Finished", speaking(func(*peer) {}), open, within},
		{"request", "after the request", speaking(asked), open, within},
		{"in-response", "within the record of the response", inRecord(recordResponse, opened), open, nil},
		{"in-head", "within the response, between two records", speaking(func(p *peer) { asked(p); _ = p.send(statusLine) }), open, within},
		{"open", "after the response", speaking(opened), closing, within},
		{"close", "after the client's close frame", speaking(closed), closing, within},
		{"in-reply", "within the record of the testee's close frame", inRecord(recordClose, replied), closing, nil},
		{"in-frame", "within the testee's close frame, between two records", speaking(func(p *peer) { closed(p); _ = p.send("\x88\x02") }), closing, within},
		{"end", "after the testee's close frame", speaking(replied), fin, within},
	}
}

// tlsEndings end the connection by RST, FIN and silence at each moment, without a close_notify.
func tlsEndings() []behaviour {
	const secure, open, closing, fin = stats.PhaseSecure, stats.PhaseOpen, stats.PhaseClose, stats.PhaseFin
	rows := []behaviour{
		secured("rst-accepted", "RST right after accept(2)", stats.CauseSecureReset, (*peer).reset).or(stats.CauseConnectReset),
		secured("fin-accepted", "FIN right after accept(2)", stats.CauseSecureEOF, (*peer).fin),
		secured("silence-accepted", "silence after accept(2)", stats.CauseSecureTimeout, (*peer).silence).within(secureTimeout),
		secured("unread", "close(2) with the ClientHello unread: RST", stats.CauseSecureReset, func(p *peer) { p.awaitRequest(); p.conn.Close() }),
	}
	for _, e := range []struct {
		name, does string
		do         func(*peer)
		bound      map[stats.Phase]bound
		causes     map[stats.Phase]stats.Cause // CauseNone after both handshakes
	}{
		{"rst", "RST", (*peer).reset, nil,
			map[stats.Phase]stats.Cause{secure: stats.CauseSecureReset, open: stats.CauseOpenReset, closing: stats.CauseCloseReset}},
		{"fin", "FIN", (*peer).fin, nil,
			map[stats.Phase]stats.Cause{secure: stats.CauseSecureEOF, open: stats.CauseOpenEOF, closing: stats.CauseCloseEOF}},
		{"silence", "silence", (*peer).silence, map[stats.Phase]bound{secure: secureTimeout, open: openTimeout, closing: closeTimeout, fin: closeTimeout},
			map[stats.Phase]stats.Cause{secure: stats.CauseSecureTimeout, open: stats.CauseOpenTimeout, closing: stats.CauseCloseTimeout}},
	} {
		for _, m := range tlsMoments() {
			row := secured(e.name+"-"+m.name, e.does+" "+m.when, e.causes[m.phase], func(p *peer) { m.reach(p); e.do(p) }).within(e.bound[m.phase])
			rows = append(rows, row)
		}
	}
	return rows
}

// notifications end what the testee says with close_notify at each moment (RFC 8446 section 6.1). The testee
// keeps TCP open.
func notifications() []behaviour {
	rows := []behaviour{
		secured("notify-accepted", "close_notify right after accept(2)", stats.CauseSecureEOF, func(p *peer) {
			p.raw(alert(levelWarning, alertCloseNotify))
			p.silence()
		}),
	}
	causes := map[stats.Phase]stats.Cause{stats.PhaseSecure: stats.CauseSecureEOF, stats.PhaseOpen: stats.CauseOpenEOF, stats.PhaseClose: stats.CauseCloseEOF}
	bounds := map[stats.Phase]bound{stats.PhaseFin: closeTimeout}
	for _, m := range tlsMoments() {
		if m.notify == nil {
			continue
		}
		rows = append(rows, secured("notify-"+m.name, "close_notify "+m.when+", and no FIN", causes[m.phase], func(p *peer) {
			m.reach(p)
			m.notify(p, []byte{levelWarning, alertCloseNotify})
			p.silence()
		}).within(bounds[m.phase]))
	}
	return rows
}

// dripRecords sends whole records, each cut into records of one byte, one every dripInterval.
func (p *peer) dripRecords(b []byte) {
	for _, r := range bytewise(b) {
		if _, err := p.conn.Write(r); err != nil {
			return
		}
		time.Sleep(dripInterval)
	}
}

// bytewise cuts records that are not encrypted, all of one kind, into records of one byte.
func bytewise(b []byte) (all [][]byte) {
	for _, one := range b[recordHeader:] {
		all = append(all, record(b[0], []byte{one}))
	}
	return all
}

// tlsDrips never pause for as long as a timeout.
func tlsDrips() []behaviour {
	raw := func(p *peer) func([]byte) {
		return func(b []byte) { dripTo(p.conn, string(b)) }
	}
	behindClose := func(then func(*peer)) func(*peer) {
		return speaking(func(p *peer) { _ = p.request(); p.untilClose(); _ = p.send(closeNormal); then(p) })
	}
	return []behaviour{
		secured("drip-flight", "the testee's flight, one byte every 20 ms", stats.CauseSecureTimeout, func(p *peer) {
			p.tap.write = raw(p)
			p.polite(p.config("good"))
		}).within(secureTimeout),
		secured("drip-records", "the ServerHello in records of one byte, one every 20 ms", stats.CauseSecureTimeout, func(p *peer) {
			p.tap.change = cut(recordHello, -1)
			p.tap.write = p.dripRecords
			p.polite(p.config("good"))
		}).within(secureTimeout),
		secured("drip-response", "the response in records of one byte, one every 20 ms", stats.CauseOpenTimeout, speaking(func(p *peer) {
			_ = p.request()
			p.drip(plainHead)
		})).within(openTimeout),
		secured("drip-updates", "endless KeyUpdates after the response, one every 20 ms, each with an empty message", stats.CauseCloseTimeout, updating(func(p *peer, k *sealer) {
			for p.update(k, "\x82\x00") == nil {
				time.Sleep(dripInterval)
			}
		})).within(closeTimeout),
		secured("drip-data", "endless data behind the testee's close frame, one byte every 20 ms", stats.CauseNone,
			behindClose(func(p *peer) { p.dripEndlessly("x") })).within(closeTimeout),
		secured("drip-end", "endless bytes behind the testee's close_notify, one every 20 ms", stats.CauseNone, behindClose(func(p *peer) {
			p.notify()
			dripTo(p.conn, strings.Repeat("x", 1000))
		})).within(closeTimeout),
		secured("flood-data", "100 MB of data behind the testee's close frame, and no FIN", stats.CauseNone, behindClose(func(p *peer) {
			p.stream(strings.Repeat("x", maxFragment), hugeBytes)
			p.silence()
		})).within(closeTimeout),
		secured("flood-end", "100 MB of garbage behind the testee's close_notify, and no FIN", stats.CauseNone, behindClose(func(p *peer) {
			p.notify()
			p.out = p.conn
			p.stream(strings.Repeat("x", 64<<10), hugeBytes)
			p.silence()
		})).within(closeTimeout),
	}
}
