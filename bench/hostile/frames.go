package main

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// afterClose is a row for frames that the testee sends after the client's close
// frame.
func afterClose(name, does string, cause stats.Cause, frames string) behaviour {
	return behaviour{name: name, does: does, causes: one(cause), do: func(p *peer) {
		p.untilClose()
		_ = p.send(frames)
	}}
}

// badFrames break RFC 6455 section 5.
func badFrames() (rows []behaviour) {
	for _, r := range []struct{ name, does, frames string }{
		{"masked-close", "a masked close frame (section 5.1)", "\x88\x82abcd" + "\x62\x8a"},
		{"masked-text", "a masked text frame", "\x81\x82abcdef" + closeNormal},
		{"rsv1", "RSV1 set", "\xc1\x01x" + closeNormal},
		{"rsv2", "RSV2 set", "\xa1\x01x" + closeNormal},
		{"rsv3", "RSV3 set", "\x91\x01x" + closeNormal},
		{"rsv-close", "RSV1 set in the close frame", "\xc8\x02\x03\xe8"},
		{"opcode-3", "a reserved data opcode", "\x83\x01x" + closeNormal},
		{"opcode-7", "the last reserved data opcode", "\x87\x01x" + closeNormal},
		{"opcode-b", "a reserved control opcode", "\x8b\x00" + closeNormal},
		{"opcode-f", "the last reserved control opcode", "\x8f\x00" + closeNormal},
		{"close-fragment", "a fragmented close frame (section 5.4)", "\x08\x02\x03\xe8"},
		{"ping-fragment", "a fragmented ping", "\x09\x01x" + "\x80\x01y" + closeNormal},
		{"ping-126", "a ping of 126 bytes (section 5.5)", "\x89\x7e\x00\x7e" + strings.Repeat("p", 126) + closeNormal},
		{"close-126", "a close frame of 126 bytes", "\x88\x7e\x00\x7e\x03\xe8" + strings.Repeat("x", 124)},
		{"ping-64", "a ping with a 64-bit length", "\x89\x7f\x00\x00\x00\x00\x00\x00\x00\x01p" + closeNormal},
		{"continuation", "a continuation frame without a message to continue", "\x80\x01x" + closeNormal},
		{"interleaved", "a new message within a fragmented one", "\x01\x01a\x81\x01b" + closeNormal},
		{"length-16-long", "a length of 5 in 16 bits (section 5.2 requires the minimal encoding)", "\x82\x7e\x00\x05hello" + closeNormal},
		{"length-64-long", "a length of 5 in 64 bits", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello" + closeNormal},
		{"length-2-63", "a length of 2^63 (section 5.2: the most significant bit must be 0)", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"head-twice", "a second 101 in place of frames", plainHead},
		{"html-frames", "an HTML page in place of frames", "<html>hello</html>"},
	} {
		rows = append(rows, afterClose(r.name, r.does, stats.CauseCloseProtocol, r.frames))
	}
	return append(rows,
		behaviour{name: "masked-with-101", does: "a masked frame in the same write as the 101", causes: one(stats.CauseCloseProtocol), do: func(p *peer) { p.open("\x88\x80abcd") }},
		behaviour{name: "html-with-101", does: "an HTML page in the same write as the 101", causes: one(stats.CauseCloseProtocol), do: func(p *peer) { p.open("<html>hello</html>") }})
}

// badCloses are close frames with a payload that RFC 6455 forbids.
func badCloses() (rows []behaviour) {
	for _, r := range []struct{ name, does, frame string }{
		{"close-byte", "a close frame with a payload of 1 byte (section 5.5.1)", "\x88\x01\x03"},
		{"close-utf8", "a reason that is not UTF-8 (section 5.5.1)", "\x88\x04\x03\xe8\xc3\x28"},
		{"close-utf8-cut", "a reason that ends within a UTF-8 sequence", "\x88\x04\x03\xe8\xe2\x98"},
		{"close-surrogate", "a reason with an encoded surrogate (RFC 3629 section 3)", "\x88\x05\x03\xe8\xed\xa0\x80"},
		{"close-overlong", "a reason with an overlong encoding (RFC 3629 section 3)", "\x88\x04\x03\xe8\xc0\xaf"},
	} {
		rows = append(rows, afterClose(r.name, r.does, stats.CauseCloseProtocol, r.frame))
	}
	return append(rows, badCodes()...)
}

// badCodes are close codes that must not be sent. RFC 6455 section 7.4.1 forbids
// 1005, 1006 and 1015 in a frame and reserves 1004. Section 7.4.2 does not use
// codes below 1000, reserves 1000 to 2999 for the protocol and its extensions
// (IANA has registered neither 1016 nor 2999), and has none above 4999.
func badCodes() (rows []behaviour) {
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		rows = append(rows, afterClose(fmt.Sprintf("close-%d", code), fmt.Sprintf("a close frame with code %d (section 7.4)", code),
			stats.CauseCloseProtocol, closeOf(code)))
	}
	return rows
}

// endlessFrames never reach a close frame, or never a FIN after it.
func endlessFrames() []behaviour {
	flood := func(name, does string, begin func(*peer), chunk string) behaviour {
		return behaviour{name: name, does: does, causes: one(stats.CauseCloseFlood), bound: frameBytes, do: func(p *peer) {
			begin(p)
			p.stream(chunk, hugeBytes)
		}}
	}
	data := "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 1<<16)
	return []behaviour{
		flood("flood", "endless data after the client's close frame", (*peer).untilClose, data),
		flood("flood-open", "endless data right after the 101", func(p *peer) { p.open("") }, data),
		flood("flood-pings", "endless pings", (*peer).untilClose, strings.Repeat("\x89\x7d"+strings.Repeat("p", 125), 500)),
		flood("flood-empty", "endless empty frames", (*peer).untilClose, strings.Repeat("\x82\x00", 32<<10)),
		flood("flood-fragments", "endless fragments of one message", func(p *peer) { p.open("\x02\x00") }, strings.Repeat("\x00\x01x", 20000)),
		flood("length-1g", "a frame of 1 GiB", (*peer).untilClose, "\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00"+strings.Repeat("x", 1<<16)),
		flood("length-2-63-1", "a frame of 2^63-1 bytes, the longest possible", (*peer).untilClose, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"+strings.Repeat("x", 1<<16)),
		// The closing handshake is complete with the testee's close frame.
		{name: "flood-end", does: "endless data after the testee's close frame, and no FIN", causes: one(stats.CauseNone), bound: closeTimeout, do: func(p *peer) {
			p.untilClose()
			p.stream(closeNormal+strings.Repeat("x", 64<<10), hugeBytes)
		}},
	}
}
