package main

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// The headers that RFC 6455 section 4.2.2 requires.
const (
	upgradeLine    = "Upgrade: websocket"
	connectionLine = "Connection: Upgrade"
	acceptLine     = "Sec-WebSocket-Accept: " + acceptMark
)

const (
	statusLine = "HTTP/1.1 101 Switching Protocols\r\n"
	plainLines = upgradeLine + "\r\n" + connectionLine + "\r\n" + acceptLine + "\r\n"
	plainHead  = statusLine + plainLines + "\r\n"
)

const (
	closeNormal = "\x88\x02\x03\xe8" // code 1000
	closeEmpty  = "\x88\x00"
)

// switching returns a 101 with only these header lines.
func switching(lines ...string) string {
	return statusLine + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// with returns a valid 101 with these header lines added.
func with(lines ...string) string {
	return statusLine + plainLines + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// success is a row whose connections succeed: RFC 6455 allows what the testee
// does, or the testee does it after both handshakes are complete.
func success(name, does string, do func(*peer)) behaviour {
	return behaviour{name: name, does: does, causes: one(stats.CauseNone), do: do}
}

// allowedHeads are valid responses, each followed by a plain closing handshake.
func allowedHeads() (rows []behaviour) {
	for _, r := range []struct{ name, does, head string }{
		{"plain", "both handshakes as RFC 6455 shows them", plainHead},
		// RFC 6455 section 4.1, check 3: a list that has the token.
		{"connection-list", "`Connection: keep-alive, Upgrade`", switching(upgradeLine, "Connection: keep-alive, Upgrade", acceptLine)},
		// RFC 7230 section 3.2.2: a list may be cut into several headers.
		{"connection-twice", "two Connection headers, Upgrade in the second", switching(upgradeLine, "Connection: keep-alive", connectionLine, acceptLine)},
		{"header-case", "header names, `Upgrade` and `websocket` in odd case", switching("uPGRADE: WebSocket", "CONNECTION: upgrade", "sec-websocket-ACCEPT: "+acceptMark)},
		// RFC 7230 section 3.2.3, and RFC 6455 section 4.1, check 4.
		{"header-spaces", "header values without a space before them, and with spaces and tabs around them", switching("Upgrade:websocket", "Connection:\t Upgrade\t", "Sec-WebSocket-Accept:   "+acceptMark+" \t")},
		{"header-order", "the accept key before Connection and Upgrade", switching(acceptLine, connectionLine, upgradeLine)},
		{"headers-60", "60 more headers", with(strings.Fields(strings.Repeat("X-Header:value ", 60))...)},
		{"head-15k", "a header of 15000 bytes", with("X-Long: " + strings.Repeat("x", 15000))},
		{"header-bytes", "a header value of bytes above 0x7f (obs-text)", with("X-Text: gr\xfc\xdfe \xe2\x98\xba")},
		{"header-marks", "a header name of all punctuation that a token may contain (tchar)", with("!#$%&'*+-.^_`|~: x")},
		// RFC 7230 section 3.3.3: a 1xx response ends with its head, whatever its headers.
		{"content-length", "`Content-Length: 5` in the 101, which has no body", with("Content-Length: 5")},
		// RFC 7230 section 7: empty elements of a list are ignored.
		{"extensions-empty", "an empty Sec-WebSocket-Extensions", with("Sec-WebSocket-Extensions:")},
		{"reason-other", "another reason phrase", "HTTP/1.1 101 Web Socket Protocol Handshake\r\n" + plainLines + "\r\n"},
		{"reason-empty", "an empty reason phrase", "HTTP/1.1 101 \r\n" + plainLines + "\r\n"},
		// RFC 7230 section 3.1.2 requires the space; wsperf does not.
		{"reason-none", "no reason phrase, and no space before it", "HTTP/1.1 101\r\n" + plainLines + "\r\n"},
		// RFC 7231 section 6.2: a client MUST be able to parse 1xx responses before the final one.
		{"interim-103", "103 Early Hints before the 101", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + plainHead},
		{"interim-many", "100, 102, 103 and 199 before the 101", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nUpgrade: h2c\r\n\r\nHTTP/1.1 199 x\r\n\r\n" + plainHead},
	} {
		rows = append(rows, success(r.name, r.does, func(p *peer) {
			_ = p.send(r.head)
			p.awaitCloseFrame()
			_ = p.send(closeNormal)
		}))
	}
	return append(rows, success("bytewise", "response and close frame with one byte in each segment", func(p *peer) {
		p.sendBytewise(plainHead)
		p.awaitCloseFrame()
		p.sendBytewise(closeNormal)
	}))
}

// allowedFrames are frames that may come before the testee's close frame. One row
// sends them in the same write as the 101, another after the client's close frame.
func allowedFrames() (rows []behaviour) {
	for _, r := range []struct{ name, does, frames string }{
		{"text", "a text message", "\x81\x05hello"},
		{"empty-messages", "a hundred empty messages", strings.Repeat("\x82\x00", 100)},
		{"ping", "a ping", "\x89\x04ping"},
		{"pings", "ten pings of 125 bytes", strings.Repeat("\x89\x7d"+strings.Repeat("p", 125), 10)},
		{"pong", "an unsolicited pong (section 5.5.3)", "\x8a\x03abc"},
		{"fragments", "a message in three fragments with a ping between them", "\x01\x01a\x00\x01b\x89\x00\x80\x01c"},
		{"length-16", "a message with a 16-bit length", "\x82\x7e\x01\x00" + strings.Repeat("x", 256)},
		{"length-64", "a message with a 64-bit length", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("x", 1<<16)},
		{"length-1m", "a message of 1000000 bytes", "\x82\x7f\x00\x00\x00\x00\x00\x0f\x42\x40" + strings.Repeat("x", 1000000)},
	} {
		rows = append(rows,
			success(r.name+"-with-101", r.does+", in the same write as the 101", func(p *peer) {
				p.open(r.frames)
				p.awaitCloseFrame()
				_ = p.send(closeNormal)
			}),
			success(r.name+"-after-close", r.does+", after the client's close frame", func(p *peer) {
				p.untilClose()
				_ = p.send(r.frames)
				_ = p.send(closeNormal)
			}))
	}
	return rows
}

// allowedCloses are valid closing handshakes.
func allowedCloses() (rows []behaviour) {
	for _, r := range []struct{ name, does, frame string }{
		{"close-empty", "a close frame without a code", closeEmpty},
		{"close-reason", "a close frame with a reason of 123 bytes of UTF-8", "\x88\x7d\x03\xe8" + strings.Repeat("\u00fc", 61) + "x"},
		{"close-twice", "two close frames", closeNormal + closeNormal},
		// RFC 6455 section 5.5.1 forbids data after a close frame, but both handshakes
		// are complete by then.
		{"close-garbage", "garbage after the close frame", closeNormal + "\xff\xff\xff\xff"},
	} {
		rows = append(rows, success(r.name, r.does, func(p *peer) { p.untilClose(); _ = p.send(r.frame) }))
	}
	rows = append(rows, allowedCodes()...)
	return append(rows, closesFirst()...)
}

// allowedCodes are codes other than the client's (RFC 6455 section 7.4, and the
// IANA registry of close codes, which added 1012 to 1014).
func allowedCodes() (rows []behaviour) {
	for _, code := range []int{1001, 1002, 1011, 1012, 1013, 1014, 3000, 4999} {
		rows = append(rows, success(fmt.Sprintf("close-%d", code), fmt.Sprintf("a close frame with code %d", code), func(p *peer) {
			p.untilClose()
			_ = p.send(closeOf(code))
		}))
	}
	return rows
}

// closeOf returns a close frame with the code and no reason.
func closeOf(code int) string { return "\x88\x02" + string([]byte{byte(code >> 8), byte(code)}) }

// closesFirst are closing handshakes that the testee begins.
func closesFirst() []behaviour {
	return []behaviour{
		success("close-first", "the testee's close frame in the same write as the 101", func(p *peer) {
			p.open(closeNormal)
			p.awaitCloseFrame()
		}),
		success("close-first-fin", "the testee's close frame in the same write as the 101, then FIN", func(p *peer) {
			p.open(closeNormal)
			p.fin()
		}),
		success("close-first-gone", "the testee's close frame in the same write as the 101, then close(2): the client's close frame gets an RST", func(p *peer) {
			p.open(closeNormal)
			p.conn.Close()
		}),
		success("close-first-ping", "a ping and the testee's close frame in the same write as the 101", func(p *peer) {
			p.open("\x89\x01p" + closeNormal)
			p.awaitCloseFrame()
		}),
		success("close-crossing", "the testee's close frame after the 101, before the client's is read: the two cross", func(p *peer) {
			p.open("")
			_ = p.send(closeNormal)
			p.awaitCloseFrame()
		}),
	}
}

// urgent are handshakes with a byte of urgent data (RFC 9293 section 3.8.5), which is not
// part of the stream: WebSocket gives it no meaning.
func urgent() []behaviour {
	half := len(plainHead) / 2
	response := func(text string) func(*peer) {
		return func(p *peer) {
			p.sendUrgent(text)
			p.awaitCloseFrame()
			_ = p.send(closeNormal)
		}
	}
	closing := func(text string) func(*peer) {
		return func(p *peer) {
			p.untilClose()
			p.sendUrgent(text)
		}
	}
	return []behaviour{
		success("urgent-first", "a byte of urgent data before the response, in the same segment", response(urgentMark+plainHead)),
		success("urgent-response", "a byte of urgent data in the middle of the response", response(plainHead[:half]+urgentMark+plainHead[half:])),
		success("urgent-last", "a byte of urgent data behind the response", response(plainHead+urgentMark)),
		success("urgent-with-101", "a message behind the response, with a byte of urgent data in it", response(plainHead+"\x81\x05he"+urgentMark+"llo")),
		success("urgent-data", "a message with a byte of urgent data in it, and the close frame", closing("\x81\x05he"+urgentMark+"llo"+closeNormal)),
		success("urgent-close", "a byte of urgent data in the close frame", closing(closeNormal[:2]+urgentMark+closeNormal[2:])),
		success("urgent-end", "a byte of urgent data behind the close frame", closing(closeNormal+urgentMark)),
	}
}
