package engine

import (
	"maps"
	"strings"
	"testing"

	"wsperf/stats"
)

const closeEmpty = "\x88\x00"

// behaviour is what a testee does on every connection, and the cause that the engine charges.
type behaviour struct {
	name string
	do   func(*peer)
	want stats.Cause
}

// hurry shortens the timeout that ends in the cause, if one does, and no other: on a busy
// machine what is answered may take its time.
func hurry(cfg Config, cause stats.Cause) Config {
	switch cause {
	case stats.CauseOpenTimeout:
		cfg.OpenTimeout = short
	case stats.CauseCloseTimeout:
		cfg.CloseTimeout = short
	}
	return cfg
}

// counts returns the causes of n connections.
func (b *behaviour) counts(n uint64) map[stats.Cause]uint64 {
	if b.want == stats.CauseNone {
		return map[stats.Cause]uint64{}
	}
	return map[stats.Cause]uint64{b.want: n}
}

func behaviours() []behaviour {
	return []behaviour{
		{"close echoed", func(p *peer) { p.open(""); p.closeFrame(); p.say("\x88\x02\x03\xe8") }, stats.CauseNone},
		{"close without code", func(p *peer) { p.open(""); p.closeFrame(); p.say(closeEmpty) }, stats.CauseNone},
		{"testee closes first", func(p *peer) { p.open(closeEmpty); p.closeFrame() }, stats.CauseNone},
		{"byte by byte", func(p *peer) {
			p.request()
			for _, b := range []byte(p.accept()) {
				p.say(string(rune(b)))
			}
			p.closeFrame()
			p.say(closeEmpty)
		}, stats.CauseNone},
		{"data before the close frame", func(p *peer) {
			p.open("\x81\x02hi")
			p.closeFrame()
			p.say("\x01\x01a\x89\x01p\x80\x01b" + closeEmpty)
		}, stats.CauseNone},
		{"large message before the close frame", func(p *peer) {
			p.open("")
			p.say("\x82\x7f\x00\x00\x00\x00\x00\x03\x00\x00" + strings.Repeat("x", 3<<16) + closeEmpty)
			p.closeFrame()
		}, stats.CauseNone},
		{"early hints first", func(p *peer) {
			p.request()
			p.say("HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + p.accept())
			p.closeFrame()
			p.say(closeEmpty)
		}, stats.CauseNone},
		{"FIN at once", func(p *peer) { p.request() }, stats.CauseOpenEOF},
		{"RST at once", func(p *peer) { p.request(); p.reset() }, stats.CauseOpenReset},
		{"FIN in the response", func(p *peer) { p.request(); p.say("HTTP/1.1 101 Switching") }, stats.CauseOpenEOF},
		{"RST in the response", func(p *peer) { p.request(); p.say("HTTP/1.1 101 "); p.reset() }, stats.CauseOpenReset},
		{"silence", func(p *peer) { p.silence() }, stats.CauseOpenTimeout},
		{"endless header", func(p *peer) {
			p.request()
			p.say("HTTP/1.1 101 OK\r\nX: " + strings.Repeat("x", 1<<16))
			p.silence()
		}, stats.CauseOpenTooLarge},
		{"wrong accept", func(p *peer) { p.key[0] ^= 1; p.say(p.accept()); p.silence() }, stats.CauseOpenBadAccept},
		{"mail server", func(p *peer) { p.say("220 mail ESMTP\r\n"); p.silence() }, stats.CauseOpenMalformed},
		{"forbidden", func(p *peer) { p.request(); p.say("HTTP/1.1 403 Forbidden\r\n\r\n"); p.silence() }, stats.CauseOpenStatus},
		{"unrequested subprotocol", func(p *peer) {
			p.request()
			p.say(strings.Replace(p.accept(), "\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", 1))
			p.silence()
		}, stats.CauseOpenBadSubprotocol},
		{"FIN instead of the close frame", func(p *peer) { p.open(""); p.closeFrame() }, stats.CauseCloseEOF},
		{"RST instead of the close frame", func(p *peer) { p.open(""); p.closeFrame(); p.reset() }, stats.CauseCloseReset},
		{"no close frame", func(p *peer) { p.open(""); p.silence() }, stats.CauseCloseTimeout},
		{"masked frame", func(p *peer) { p.open(""); p.say("\x88\x80\x00\x00\x00\x00"); p.silence() }, stats.CauseCloseProtocol},
		{"masked frame with the response", func(p *peer) { p.open("\x88\x80\x00\x00\x00\x00"); p.silence() }, stats.CauseCloseProtocol},
		{"endless data", func(p *peer) {
			p.open("")
			go p.silence()
			for p.sayMegabyte() == nil {
			}
		}, stats.CauseCloseFlood},
	}
}

// TestBehaviours checks the cause that the engine charges if a testee behaves in one way
// on every connection.
func TestBehaviours(t *testing.T) {
	for _, b := range behaviours() {
		t.Run(b.name, func(t *testing.T) {
			result := do(t, hurry(patient(t, scripted(t, b.do), 40), b.want))
			if got := causes(result); !maps.Equal(got, b.counts(40)) {
				t.Fatalf("causes %v, want %v", got, b.counts(40))
			}
			if result.Total != 40 || result.Client.Collections != 0 {
				t.Errorf("%d connections started, %d garbage collections, want 40 and none", result.Total, result.Client.Collections)
			}
		})
	}
}

func (p *peer) sayMegabyte() error {
	_, err := p.w.Write([]byte("\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00" + strings.Repeat("x", 1<<20)))
	return err
}

func causes(r *stats.Result) map[stats.Cause]uint64 {
	m := map[stats.Cause]uint64{}
	for c, n := range r.Causes {
		if n > 0 {
			m[stats.Cause(c)] = n
		}
	}
	return m
}
