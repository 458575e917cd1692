package engine

import (
	"strings"
	"testing"

	"wsperf/stats"
)

// TestRepliesAreKept checks that the bytes which a testee sent on failed connections are
// kept unchanged.
func TestRepliesAreKept(t *testing.T) {
	const refusal = "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n\x1b["
	for _, c := range []struct {
		name  string
		do    func(*peer)
		cause stats.Cause
		want  string
	}{
		{"complete response", func(p *peer) { p.request(); p.say(refusal); p.silence() }, stats.CauseOpenStatus, refusal},
		{"not HTTP", func(p *peer) { p.request(); p.say("220 mail"); p.silence() }, stats.CauseOpenMalformed, "220 mail"},
		{"FIN in the response", func(p *peer) { p.request(); p.say("HTTP/1.1 101") }, stats.CauseOpenEOF, "HTTP/1.1 101"},
		{"timeout in the response", func(p *peer) { p.request(); p.say("HTTP"); p.silence() }, stats.CauseOpenTimeout, "HTTP"},
		{"no reply", func(p *peer) { p.request() }, stats.CauseOpenEOF, ""},
		{"masked frame", func(p *peer) { p.open(""); p.closeFrame(); p.say("\x89\x00\x88\x80abcd"); p.silence() }, stats.CauseCloseProtocol, "\x89\x00\x88\x80abcd"},
		{"masked frame with the response", func(p *peer) { p.open("\x88\x80abcd"); p.silence() }, stats.CauseCloseProtocol, "\x88\x80abcd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := hurry(patient(t, scripted(t, c.do), 10), c.cause)
			cfg.Samples = 3
			result := do(t, cfg)
			kept := result.Replies[c.cause]
			if c.want == "" {
				if len(kept) != 0 {
					t.Errorf("%d replies kept of a testee that sent none", len(kept))
				}
				return
			}
			if len(kept) != 3 {
				t.Fatalf("%d replies kept, want 3; causes %v", len(kept), causes(result))
			}
			for _, r := range kept {
				if string(r.Bytes) != c.want || r.Total != len(c.want) {
					t.Errorf("kept %q of %d bytes, want %q", r.Bytes, r.Total, c.want)
				}
			}
		})
	}
}

func TestLongReplyIsTruncated(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 4000)
	cfg := patient(t, scripted(t, func(p *peer) { p.request(); p.say(long); p.silence() }), 4)
	cfg.Samples = 1
	result := do(t, cfg)
	kept := result.Replies[stats.CauseOpenStatus]
	if len(kept) != 1 || string(kept[0].Bytes) != long[:stats.MaxReplyBytes] || kept[0].Total != len(long) {
		t.Errorf("kept %+v, want the first %d of %d bytes, once", kept, stats.MaxReplyBytes, len(long))
	}
}

func TestNoRepliesByDefault(t *testing.T) {
	result := do(t, patient(t, scripted(t, func(p *peer) { p.request(); p.say("no\r\n"); p.silence() }), 4))
	for c, kept := range result.Replies {
		if len(kept) > 0 {
			t.Errorf("%d replies kept for cause %v, want none", len(kept), stats.Cause(c))
		}
	}
}
