package main

import (
	"strings"

	"wsperf/stats"
)

// response is sent as it is, followed by FIN.
type response struct {
	name, does string
	cause      stats.Cause
	text       string
}

func responseRows(list []response) (rows []behaviour) {
	for _, r := range list {
		rows = append(rows, behaviour{name: r.name, does: r.does, causes: one(r.cause), do: func(p *peer) { _ = p.send(r.text) }})
	}
	return rows
}

// otherStatuses are well-formed responses with a status code other than 101. The
// status line alone decides, whatever follows it.
func otherStatuses() []behaviour {
	const status = stats.CauseOpenStatus
	rows := responseRows([]response{
		{"status-200", "200 with a page", status, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"},
		{"status-204", "204 with the headers of a 101", status, "HTTP/1.1 204 No Content\r\n" + plainLines + "\r\n"},
		{"status-301", "301 with another Location", status, "HTTP/1.1 301 Moved Permanently\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"},
		{"status-400", "400 without a reason phrase", status, "HTTP/1.1 400\r\n\r\n"},
		{"status-401", "401 with a challenge", status, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n"},
		{"status-403", "403", status, "HTTP/1.1 403 Forbidden\r\n\r\n"},
		{"status-426", "426 with another Sec-WebSocket-Version", status, "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 25\r\n\r\n"},
		{"status-503", "503 with a body", status, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n" + strings.Repeat("busy ", 1000)},
		{"status-chunked", "500 with a chunked body", status, "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n0\r\n\r\n"},
		{"status-escapes", "403 with escape sequences in a header and in the body", status, "HTTP/1.1 403 Forbidden\r\nX: \x1b[2J\x1b]0;owned\a\r\n\r\n\x1b[31mred"},
		{"interim-403", "103, then 403", status, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n"},
	})
	return append(rows, behaviour{name: "status-endless", does: "503 with a body of 100 MB", causes: one(status), do: func(p *peer) {
		_ = p.send("HTTP/1.1 503 Service Unavailable\r\n\r\n")
		p.stream(strings.Repeat("busy ", 10000), hugeBytes)
	}})
}

// otherProtocols are responses in another protocol or version: RFC 6455 section
// 4.2.2 requires HTTP/1.1 in the status line.
func otherProtocols() []behaviour {
	const malformed = stats.CauseOpenMalformed
	return responseRows([]response{
		{"http10-101", "`HTTP/1.0 101` with all headers", malformed, "HTTP/1.0 101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"http10-200", "`HTTP/1.0 200`", malformed, "HTTP/1.0 200 OK\r\n\r\n"},
		{"http2", "`HTTP/2 101`", malformed, "HTTP/2 101\r\n" + plainLines + "\r\n"},
		{"http2-frame", "an HTTP/2 SETTINGS frame", malformed, "\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		{"http-lower", "`http/1.1 101`", malformed, "http/1.1 101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"ssh", "an SSH banner", malformed, "SSH-2.0-OpenSSH_9.6\r\n"},
		{"tls", "a TLS alert", malformed, "\x15\x03\x01\x00\x02\x02\x28"},
		{"binary", "64 KiB of zero bytes", malformed, strings.Repeat("\x00", 64<<10)},
		{"binary-ff", "64 KiB of 0xff", malformed, strings.Repeat("\xff", 64<<10)},
		{"frames-only", "a close frame in place of the response", malformed, closeNormal},
		{"html", "an HTML page without status line and headers", malformed, "<!DOCTYPE html><html></html>"},
	})
}

// badSyntax are responses that violate the grammar of RFC 7230 section 3.
func badSyntax() []behaviour {
	const malformed = stats.CauseOpenMalformed
	return responseRows([]response{
		{"status-letter", "a letter in the status code", malformed, "HTTP/1.1 1o1 Switching Protocols\r\n" + plainLines + "\r\n"},
		// ':' is '0' + 10: a parser that does not check for digits reads 10*10 + 1.
		{"status-colon", "`:1` as the status code", malformed, "HTTP/1.1 :1  Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-short", "a status code of two digits", malformed, "HTTP/1.1 10 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-long", "a status code of four digits", malformed, "HTTP/1.1 1010 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-sign", "`-101` as the status code", malformed, "HTTP/1.1 -101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-600", "600 as the status code, a class that is not defined (RFC 7231 section 6)", malformed, "HTTP/1.1 600 Whatever\r\n\r\n"},
		{"status-099", "099 as the status code", malformed, "HTTP/1.1 099 Whatever\r\n\r\n"},
		{"status-spaces", "two spaces before the status code", malformed, "HTTP/1.1  101 Switching Protocols\r\n" + plainLines + "\r\n"},
		{"status-escape", "escape sequences in the status line", malformed, "HTTP/1.1 101 \x1b[2J\x1b]0;owned\a\r\n" + plainLines + "\r\n"},
		{"empty-line", "an empty line before the status line", malformed, "\r\n" + plainHead},
		{"header-escape", "escape sequences in a header", malformed, with("X-Text: \x1b[31m")},
		{"header-nul", "a NUL in a header", malformed, with("X-Text: a\x00b")},
		{"header-cr", "a lone CR in a header", malformed, with("X-Text: a\rb")},
		// RFC 7230 section 3.2.4: a sender MUST NOT generate it, a user agent MUST
		// replace it by spaces. wsperf tests senders, so it reports an error.
		{"folding", "a folded header (obs-fold)", malformed, with("X-Text: a\r\n b")},
		// RFC 7230 section 3.5: a recipient MAY accept it.
		{"bare-lf", "lines that end with LF alone", malformed, strings.ReplaceAll(plainHead, "\r\n", "\n")},
		{"bare-cr", "lines that end with CR alone", malformed, strings.ReplaceAll(plainHead, "\r\n", "\r") + "\r\n"},
		{"colon-space", "a space before the colon of a header", malformed, switching("Upgrade : websocket", connectionLine, acceptLine)},
		{"colon-none", "a header line without a colon", malformed, with("Whatever")},
		{"name-empty", "a header with an empty name", malformed, with(": x")},
		{"name-bytes", "bytes above 0x7f in a header's name", malformed, with("Gr\xfc\xdfe: x")},
	})
}

// badHeaders are 101 responses that fail a check of RFC 6455 section 4.1.
func badHeaders() []behaviour {
	const (
		accept, upgrade, connection = stats.CauseOpenBadAccept, stats.CauseOpenBadUpgrade, stats.CauseOpenBadConnection
		subprotocol, extension      = stats.CauseOpenBadSubprotocol, stats.CauseOpenBadExtension
	)
	return responseRows([]response{
		{"no-headers", "a 101 without headers", upgrade, statusLine + "\r\n"},
		{"upgrade-none", "no Upgrade", upgrade, switching(connectionLine, acceptLine)},
		{"upgrade-other", "`Upgrade: h2c`", upgrade, switching("Upgrade: h2c", connectionLine, acceptLine)},
		{"upgrade-empty", "an empty Upgrade", upgrade, switching("Upgrade:", connectionLine, acceptLine)},
		// RFC 6455 section 4.1, check 2: the value must match, so it cannot be a list.
		{"upgrade-list", "`Upgrade: websocket, h2c`", upgrade, switching("Upgrade: websocket, h2c", connectionLine, acceptLine)},
		{"connection-none", "no Connection", connection, switching(upgradeLine, acceptLine)},
		{"connection-other", "`Connection: keep-alive`", connection, switching(upgradeLine, "Connection: keep-alive", acceptLine)},
		{"connection-near", "`Connection: upgraded, x-upgrade`", connection, switching(upgradeLine, "Connection: upgraded, x-upgrade", acceptLine)},
		{"accept-none", "no accept key", accept, switching(upgradeLine, connectionLine)},
		{"accept-empty", "an empty accept key", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept:")},
		{"accept-other", "the accept key of the example in section 1.3, whatever the key", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
		{"accept-cut", "the accept key without its last character", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept: "+cutAcceptMark)},
		{"accept-long", "the accept key and one more character", accept, switching(upgradeLine, connectionLine, acceptLine+"x")},
		{"accept-quoted", "the accept key in quotes", accept, switching(upgradeLine, connectionLine, `Sec-WebSocket-Accept: "`+acceptMark+`"`)},
		// RFC 6455 section 11.3.3: the header MUST NOT appear more than once.
		{"accept-twice", "the accept key twice", accept, with(acceptLine)},
		{"accept-wrong-right", "a wrong accept key, then the right one", accept, switching(upgradeLine, connectionLine, "Sec-WebSocket-Accept: x", acceptLine)},
		{"accept-right-wrong", "the right accept key, then a wrong one", accept, with("Sec-WebSocket-Accept: x")},
		{"subprotocol", "a subprotocol that was not offered", subprotocol, with("Sec-WebSocket-Protocol: chat")},
		{"subprotocol-empty", "an empty subprotocol", subprotocol, with("Sec-WebSocket-Protocol:")},
		{"extension", "`permessage-deflate`, which was not offered", extension, with("Sec-WebSocket-Extensions: permessage-deflate")},
	})
}

// hugeBytes is the size of endless responses and frames.
const hugeBytes = 100_000_000

// endlessHeads are response heads beyond the client's limits.
func endlessHeads() (rows []behaviour) {
	for _, r := range []struct {
		name, does   string
		bound        bound
		begin, chunk string
	}{
		{"status-line-endless", "a status line of 100 MB", headBytes, "HTTP/1.1 101 ", strings.Repeat("x", 64<<10)},
		{"header-endless", "a header of 100 MB", headBytes, statusLine + "X-Long: ", strings.Repeat("x", 64<<10)},
		{"name-endless", "a header name of 100 MB", headBytes, statusLine, strings.Repeat("x", 64<<10)},
		{"headers-endless", "endless short headers", headLines, statusLine + plainLines, strings.Repeat("X: x\r\n", 10000)},
		{"interims-endless", "endless 103 responses", headBytes, "", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000)},
		{"headers-129", "129 headers, one over the limit", headLines, statusLine + plainLines + strings.Repeat("X: x\r\n", 126) + "\r\n", ""},
	} {
		rows = append(rows, behaviour{name: r.name, does: r.does, causes: one(stats.CauseOpenTooLarge), bound: r.bound, do: func(p *peer) {
			if p.send(r.begin) == nil && r.chunk != "" {
				p.stream(r.chunk, hugeBytes)
			}
		}})
	}
	return rows
}
