package main

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// refused is a row for frames that the testee sends when our close frame is
// there.
func refused(name, does string, cause stats.Cause, frames string) behaviour {
	return behaviour{name: name, does: does, causes: one(cause), do: func(p *peer) {
		p.begin()
		_ = p.say(frames)
	}}
}

// badFrames break RFC 6455 section 5.
func badFrames() (rows []behaviour) {
	for _, r := range []struct{ name, does, frames string }{
		{"masked-close", "a masked close frame (RFC 6455 section 5.1)", "\x88\x82abcd" + "\x62\x8a"},
		{"masked-text", "a masked text frame", "\x81\x82abcdef" + closeNormal},
		{"rsv1", "RSV1 set", "\xc1\x01x" + closeNormal},
		{"rsv2", "RSV2 set", "\xa1\x01x" + closeNormal},
		{"rsv3", "RSV3 set", "\x91\x01x" + closeNormal},
		{"rsv-close", "RSV1 set in the close frame", "\xc8\x02\x03\xe8"},
		{"opcode-3", "a reserved data opcode", "\x83\x01x" + closeNormal},
		{"opcode-7", "the last reserved data opcode", "\x87\x01x" + closeNormal},
		{"opcode-b", "a reserved control opcode", "\x8b\x00" + closeNormal},
		{"opcode-f", "the last reserved control opcode", "\x8f\x00" + closeNormal},
		{"close-fragment", "a close frame in fragments (section 5.4)", "\x08\x02\x03\xe8"},
		{"ping-fragment", "a ping in fragments", "\x09\x01x" + "\x80\x01y" + closeNormal},
		{"ping-126", "a ping of 126 bytes (section 5.5)", "\x89\x7e\x00\x7e" + strings.Repeat("p", 126) + closeNormal},
		{"close-126", "a close frame of 126 bytes", "\x88\x7e\x00\x7e\x03\xe8" + strings.Repeat("x", 124)},
		{"ping-64", "a ping with a length of 64 bits", "\x89\x7f\x00\x00\x00\x00\x00\x00\x00\x01p" + closeNormal},
		{"continuation", "a continuation of nothing", "\x80\x01x" + closeNormal},
		{"interleaved", "a message within a fragmented one", "\x01\x01a\x81\x01b" + closeNormal},
		{"length-16-long", "a length of 5 in 16 bits (section 5.2: the minimal form)", "\x82\x7e\x00\x05hello" + closeNormal},
		{"length-64-long", "a length of 5 in 64 bits", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello" + closeNormal},
		{"length-2-63", "a length of 2^63 (section 5.2: the first bit is 0)", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"head-twice", "the 101 again in place of frames", plainHead},
		{"page", "a page in place of frames", "<html>hello</html>"},
	} {
		rows = append(rows, refused(r.name, r.does, stats.CauseCloseProtocol, r.frames))
	}
	return append(rows,
		behaviour{name: "masked-glued", does: "a masked frame glued to the 101", causes: one(stats.CauseCloseProtocol), do: func(p *peer) { p.open("\x88\x80abcd") }},
		behaviour{name: "page-glued", does: "a page glued to the 101", causes: one(stats.CauseCloseProtocol), do: func(p *peer) { p.open("<html>hello</html>") }})
}

// badCloses are close frames with a body that RFC 6455 forbids.
func badCloses() (rows []behaviour) {
	for _, r := range []struct{ name, does, frame string }{
		{"close-byte", "a close frame of 1 byte (section 5.5.1)", "\x88\x01\x03"},
		{"close-utf8", "a reason that is not UTF-8 (section 5.5.1)", "\x88\x04\x03\xe8\xc3\x28"},
		{"close-utf8-cut", "a reason that ends within a character", "\x88\x04\x03\xe8\xe2\x98"},
		{"close-surrogate", "a reason with half of a surrogate pair (RFC 3629 section 3)", "\x88\x05\x03\xe8\xed\xa0\x80"},
		{"close-overlong", "a reason with a character in more bytes than it needs", "\x88\x04\x03\xe8\xc0\xaf"},
	} {
		rows = append(rows, refused(r.name, r.does, stats.CauseCloseProtocol, r.frame))
	}
	return append(rows, badCodes()...)
}

// badCodes: section 7.4.1 forbids 1005, 1006 and 1015 on the wire, reserves
// 1004, and defines none up to 2999 but those that the IANA registry has;
// section 7.4.2 does not use those below 1000, and knows none from 5000 on.
func badCodes() (rows []behaviour) {
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		rows = append(rows, refused(fmt.Sprintf("close-%d", code), fmt.Sprintf("a close frame with code %d (section 7.4)", code),
			stats.CauseCloseProtocol, closeOf(code)))
	}
	return rows
}

// endlessFrames never come to a close frame, or never to a FIN behind it.
func endlessFrames() []behaviour {
	flood := func(name, does string, begin func(*peer), chunk string) behaviour {
		return behaviour{name: name, does: does, causes: one(stats.CauseCloseFlood), bound: frameBytes, do: func(p *peer) {
			begin(p)
			p.stream(chunk, hugeBytes)
		}}
	}
	data := "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 1<<16)
	return []behaviour{
		flood("flood", "endless data when our close frame is there", (*peer).begin, data),
		flood("flood-glued", "endless data right behind the 101", func(p *peer) { p.open("") }, data),
		flood("flood-pings", "endless pings", (*peer).begin, strings.Repeat("\x89\x7d"+strings.Repeat("p", 125), 500)),
		flood("flood-empty", "endless empty frames", (*peer).begin, strings.Repeat("\x82\x00", 32<<10)),
		flood("flood-fragments", "endless fragments of one message", func(p *peer) { p.open("\x02\x00") }, strings.Repeat("\x00\x01x", 20000)),
		flood("length-1g", "a frame of 1 GiB", (*peer).begin, "\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00"+strings.Repeat("x", 1<<16)),
		flood("length-2-63-1", "a frame of 2^63-1 bytes, the longest that there is", (*peer).begin, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"+strings.Repeat("x", 1<<16)),
		// The testee's close frame was there: the closing handshake is complete.
		{"flood-behind", "endless data behind the close frame, no FIN", one(stats.CauseNone), closeTimeout, onPath, func(p *peer) {
			p.begin()
			p.stream(closeNormal+strings.Repeat("x", 64<<10), hugeBytes)
		}},
	}
}
