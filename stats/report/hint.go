package report

import (
	"bytes"
	"slices"

	"wsperf/stats"
)

// hint is a sentence about a cause that holds if one of its replies, or the result, shows it.
type hint struct {
	cause stats.Cause
	shown func(*stats.Result, []byte) bool // of a reply, as far as it was kept
	text  string
}

// hints is the table of what replies give away: the wrong scheme for the port. A new one is a row.
func hints() []hint {
	return []hint{
		{stats.CauseSecureProtocol, isPlainHTTP, "the testee speaks plain HTTP at this port, not TLS: use a ws:// URL, or the port for wss://"},
		{stats.CauseOpenMalformed, isTLSRecord, wantsTLS},
		{stats.CauseOpenMalformed, saysTLS, wantsTLS},
		{stats.CauseOpenStatus, saysTLS, wantsTLS},
	}
}

const wantsTLS = "the testee speaks TLS at this port, not plain HTTP: use a wss:// URL, or the port for ws://"

// hintFor returns the first hint that a reply of the cause shows; empty: none does.
func hintFor(r *stats.Result, c stats.Cause) string {
	for _, h := range hints() {
		shows := func(reply stats.Reply) bool { return h.shown(r, reply.Bytes) }
		if h.cause == c && slices.ContainsFunc(r.Replies[c], shows) {
			return h.text
		}
	}
	return ""
}

func isPlainHTTP(_ *stats.Result, reply []byte) bool { return bytes.HasPrefix(reply, []byte("HTTP/")) }

// isTLSRecord knows the first record of a TLS server: an alert (0x15) or a handshake message (0x16),
// and then the version 3.x of all TLS (RFC 8446 section 5.1).
func isTLSRecord(r *stats.Result, reply []byte) bool {
	return !r.UsesTLS() && len(reply) > 1 && (reply[0] == 0x15 || reply[0] == 0x16) && reply[1] == 3
}

// saysTLS knows the pages with which servers answer a plain request to their TLS port: nginx, Go
// (net/http's server, in HTTP/1.0, which counts as malformed) and Apache. All have status 400.
func saysTLS(r *stats.Result, reply []byte) bool {
	head, _, _ := bytes.Cut(reply, []byte("\n"))
	if r.UsesTLS() || !bytes.Contains(head, []byte(" 400 ")) {
		return false
	}
	return slices.ContainsFunc([]string{
		"plain HTTP request was sent to HTTPS port",
		"Client sent an HTTP request to an HTTPS server",
		"speaking plain HTTP to an SSL-enabled server port",
	}, func(words string) bool { return bytes.Contains(reply, []byte(words)) })
}
