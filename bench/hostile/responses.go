package main

import (
	"strings"

	"wsperf/stats"
)

// refusal is a response that is said, followed by FIN.
type refusal struct {
	name, does string
	cause      stats.Cause
	text       string
}

func said(list []refusal) (rows []behaviour) {
	for _, r := range list {
		rows = append(rows, behaviour{name: r.name, does: r.does, causes: one(r.cause), do: func(p *peer) { _ = p.say(r.text) }})
	}
	return rows
}

// refusals are well-formed responses other than 101: the status line is the
// verdict, whatever follows it.
func refusals() []behaviour {
	const status = stats.CauseOpenStatus
	rows := said([]refusal{
		{"status-200", "200 with a page", status, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"},
		{"status-204", "204 with the headers of a 101", status, "HTTP/1.1 204 No Content\r\n" + plainLines + "\r\n"},
		{"status-301", "301 to another place", status, "HTTP/1.1 301 Moved Permanently\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"},
		{"status-400", "400 without a reason", status, "HTTP/1.1 400\r\n\r\n"},
		{"status-401", "401 with a challenge", status, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n"},
		{"status-403", "403", status, "HTTP/1.1 403 Forbidden\r\n\r\n"},
		{"status-426", "426 with another version", status, "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 25\r\n\r\n"},
		{"status-503", "503 with a body", status, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n" + strings.Repeat("busy ", 1000)},
		{"status-chunks", "500 with a body in chunks", status, "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n0\r\n\r\n"},
		{"status-escapes", "403, escape sequences in a header and in the body", status, "HTTP/1.1 403 Forbidden\r\nX: \x1b[2J\x1b]0;owned\a\r\n\r\n\x1b[31mred"},
		{"interim-403", "103, then 403", status, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n"},
	})
	return append(rows, behaviour{name: "status-endless", does: "503 with a body of 100 MB", causes: one(status), do: func(p *peer) {
		_ = p.say("HTTP/1.1 503 Service Unavailable\r\n\r\n")
		p.stream(strings.Repeat("busy ", 10000), hugeBytes)
	}})
}

// strangers speak another protocol, or another version: RFC 6455 section 4.2.2
// has the response begin with HTTP/1.1.
func strangers() []behaviour {
	const malformed = stats.CauseOpenMalformed
	return said([]refusal{
		{"http10-101", "`HTTP/1.0 101` with all headers", malformed, "HTTP/1.0 101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"http10-200", "`HTTP/1.0 200`", malformed, "HTTP/1.0 200 OK\r\n\r\n"},
		{"http2", "`HTTP/2 101`", malformed, "HTTP/2 101\r\n" + plainLines + "\r\n"},
		{"http2-frame", "an HTTP/2 SETTINGS frame", malformed, "\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		{"http-lower", "`http/1.1 101`", malformed, "http/1.1 101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"ssh", "an SSH banner", malformed, "SSH-2.0-OpenSSH_9.6\r\n"},
		{"tls", "a TLS alert", malformed, "\x15\x03\x01\x00\x02\x02\x28"},
		{"binary", "64 KiB of zero bytes", malformed, strings.Repeat("\x00", 64<<10)},
		{"binary-ff", "64 KiB of 0xff", malformed, strings.Repeat("\xff", 64<<10)},
		{"frames-only", "a close frame and no response", malformed, closeNormal},
		{"html", "a page without a head", malformed, "<!DOCTYPE html><html></html>"},
	})
}

// badSyntax is HTTP that RFC 7230 section 3 does not have.
func badSyntax() []behaviour {
	const malformed = stats.CauseOpenMalformed
	return said([]refusal{
		{"status-letters", "letters in the status", malformed, "HTTP/1.1 1o1 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-colon", "`:1 ` for a status: the digits 101 to a sloppy reader", malformed, "HTTP/1.1 :1  Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-short", "a status of two digits", malformed, "HTTP/1.1 10 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-long", "a status of four digits", malformed, "HTTP/1.1 1010 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-sign", "`-101`", malformed, "HTTP/1.1 -101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-600", "600: a class that there is not (RFC 7231 section 6)", malformed, "HTTP/1.1 600 Whatever\r\n\r\n"},
		{"status-099", "099", malformed, "HTTP/1.1 099 Whatever\r\n\r\n"},
		{"status-spaces", "two spaces before the status", malformed, "HTTP/1.1  101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-escape", "escape sequences in the status line", malformed, "HTTP/1.1 101 \x1b[2J\x1b]0;owned\a\r\n" + plainLines + "\r\n"},
		{"empty-line", "an empty line before the status line", malformed, "\r\n" + plainHead},
		{"header-escape", "escape sequences in a header", malformed, with("X-Text: \x1b[31m")},
		{"header-nul", "a NUL in a header", malformed, with("X-Text: a\x00b")},
		{"header-cr", "a lone CR in a header", malformed, with("X-Text: a\rb")},
		// RFC 7230 section 3.2.4: "A sender MUST NOT generate" it. A user agent that
		// gets it is to read it as spaces; where a handshake is tested, it is an error.
		{"folding", "a header that is folded", malformed, with("X-Text: a\r\n b")},
		// RFC 7230 section 3.5: a recipient may take it, and need not.
		{"bare-lf", "lines that end with LF alone", malformed, strings.ReplaceAll(plainHead, "\r\n", "\n")},
		{"bare-cr", "lines that end with CR alone", malformed, strings.ReplaceAll(plainHead, "\r\n", "\r") + "\r\n"},
		{"colon-space", "a space before the colon of a header", malformed, switching("Upgrade : websocket", connectionLine, acceptLine)},
		{"colon-none", "a header without a colon", malformed, with("Whatever")},
		{"name-empty", "a header without a name", malformed, with(": x")},
		{"name-bytes", "bytes above 0x7f in a header's name", malformed, with("Gr\xfc\xdfe: x")},
	})
}

// badHeaders are 101 responses that fail a check of RFC 6455 section 4.1.
func badHeaders() []behaviour {
	const (
		accept, upgrade, connection = stats.CauseOpenBadAccept, stats.CauseOpenBadUpgrade, stats.CauseOpenBadConnection
		subprotocol, extension      = stats.CauseOpenBadSubprotocol, stats.CauseOpenBadExtension
	)
	return said([]refusal{
		{"no-headers", "a 101 without headers", upgrade, statusLine + "\r\n"},
		{"upgrade-none", "no Upgrade", upgrade, switching(connectionLine, acceptLine)},
		{"upgrade-other", "`Upgrade: h2c`", upgrade, switching("Upgrade: h2c", connectionLine, acceptLine)},
		{"upgrade-empty", "an empty Upgrade", upgrade, switching("Upgrade:", connectionLine, acceptLine)},
		// RFC 6455 section 4.1, check 2: the value itself must match, so no list.
		{"upgrade-list", "`Upgrade: websocket, h2c`", upgrade, switching("Upgrade: websocket, h2c", connectionLine, acceptLine)},
		{"connection-none", "no Connection", connection, switching(upgradeLine, acceptLine)},
		{"connection-other", "`Connection: keep-alive`", connection, switching(upgradeLine, "Connection: keep-alive", acceptLine)},
		{"connection-near", "`Connection: upgraded, x-upgrade`", connection, switching(upgradeLine, "Connection: upgraded, x-upgrade", acceptLine)},
		{"accept-none", "no accept key", accept, switching(upgradeLine, connectionLine)},
		{"accept-empty", "an empty accept key", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept:")},
		{"accept-other", "the accept key of RFC 6455's example, always", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
		{"accept-cut", "the accept key without its last character", accept, strings.Replace(plainHead, acceptMark+"\r\n", acceptMark[:len(acceptMark)-1]+"\r\n", 1)},
		{"accept-long", "the accept key and a character more", accept, switching(upgradeLine, connectionLine, acceptLine+"x")},
		{"accept-quoted", "the accept key in quotes", accept, switching(upgradeLine, connectionLine, `Sec-WebSocket-Accept: "`+acceptMark+`"`)},
		// RFC 6455 section 11.3.3: it must not appear more than once.
		{"accept-twice", "the accept key twice", accept, with(acceptLine)},
		{"accept-wrong-right", "a wrong accept key, then the right one", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept: x", acceptLine)},
		{"accept-right-wrong", "the right accept key, then a wrong one", accept, with("Sec-WebSocket-Accept: x")},
		{"subprotocol", "a subprotocol that was not asked for", subprotocol, with("Sec-WebSocket-Protocol: chat")},
		{"subprotocol-empty", "an empty subprotocol", subprotocol, with("Sec-WebSocket-Protocol:")},
		{"extension", "`permessage-deflate`, which was not offered", extension, with("Sec-WebSocket-Extensions: permessage-deflate")},
	})
}

// hugeBytes is how much the long ones send: 100 MB.
const hugeBytes = 100_000_000

// endlessHeads are responses without an end: what is kept of them is bounded.
func endlessHeads() (rows []behaviour) {
	for _, r := range []struct {
		name, does   string
		bound        bound
		begin, chunk string
	}{
		{"status-line-endless", "a status line of 100 MB", headBytes, "HTTP/1.1 101 ", strings.Repeat("x", 64<<10)},
		{"header-endless", "a header of 100 MB", headBytes, statusLine + "X-Long: ", strings.Repeat("x", 64<<10)},
		{"name-endless", "a header name of 100 MB", headBytes, statusLine, strings.Repeat("x", 64<<10)},
		{"headers-endless", "short headers, endlessly", headLines, statusLine + plainLines, strings.Repeat("X: x\r\n", 10000)},
		{"interims-endless", "103 responses, endlessly", headBytes, "", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000)},
		{"headers-129", "129 headers, one over the limit", headLines, statusLine + plainLines + strings.Repeat("X: x\r\n", 126) + "\r\n", ""},
	} {
		rows = append(rows, behaviour{name: r.name, does: r.does, causes: one(stats.CauseOpenTooLarge), bound: r.bound, do: func(p *peer) {
			if p.say(r.begin) == nil && r.chunk != "" {
				p.stream(r.chunk, hugeBytes)
			}
		}})
	}
	return rows
}
