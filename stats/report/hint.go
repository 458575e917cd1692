package report

import (
	"bytes"
	"slices"

	"wsperf/stats"
)

// hint is a sentence about a cause that holds if the result shows it.
type hint struct {
	cause stats.Cause
	shown func(*stats.Result, stats.Cause) bool
	text  string
}

// hints is the table of what gives away the wrong scheme for the port: mostly a reply. A new one is a row.
func hints() []hint {
	return []hint{
		{stats.CauseSecureProtocol, byReply(isPlainHTTP), "the testee speaks plain HTTP at this port, not TLS: use a ws:// URL, or the port for wss://"},
		{stats.CauseSecureTimeout, neverSecured, wantsPlain},
		{stats.CauseSecureEOF, neverSecured, wantsPlain},
		{stats.CauseSecureReset, neverSecured, wantsPlain},
		{stats.CauseOpenMalformed, byReply(isTLSRecord), wantsTLS},
		{stats.CauseOpenMalformed, byReply(saysTLS), wantsTLS},
		{stats.CauseOpenStatus, byReply(saysTLS), wantsTLS},
		{stats.CauseOpenEOF, neverOpened, mayWantTLS},
		{stats.CauseOpenReset, neverOpened, mayWantTLS},
	}
}

const (
	wantsPlain = "no TLS handshake was completed: if the testee speaks plain HTTP at this port, use a ws:// URL"
	wantsTLS   = "the testee speaks TLS at this port, not plain HTTP: use a wss:// URL, or the port for ws://"
	mayWantTLS = "no opening handshake was completed: if the testee speaks TLS at this port, use a wss:// URL"
)

// hintFor returns the first hint that the result shows for the cause; empty: none.
func hintFor(r *stats.Result, c stats.Cause) string {
	for _, h := range hints() {
		if h.cause == c && h.shown(r, c) {
			return h.text
		}
	}
	return ""
}

// byReply is what one of the cause's replies shows, as far as it was kept.
func byReply(shows func(*stats.Result, []byte) bool) func(*stats.Result, stats.Cause) bool {
	return func(r *stats.Result, c stats.Cause) bool {
		return slices.ContainsFunc(r.Replies[c], func(reply stats.Reply) bool { return shows(r, reply.Bytes) })
	}
}

// neverSecured: not every server that speaks plain HTTP answers a ClientHello. Many wait for a line to end.
func neverSecured(r *stats.Result, _ stats.Cause) bool {
	return !reached(r, stats.PhaseSecure) && !reached(r, stats.PhaseSecureResumed)
}

// neverOpened: some servers answer plain HTTP at their TLS port with nothing but their FIN.
func neverOpened(r *stats.Result, _ stats.Cause) bool {
	return !r.UsesTLS() && !reached(r, stats.PhaseOpen)
}

// reached reports whether a connection has completed the phase.
func reached(r *stats.Result, p stats.Phase) bool {
	all := &r.Phases[p]
	return all.Success.TotalCount()+all.Failure.TotalCount() > 0
}

func isPlainHTTP(_ *stats.Result, reply []byte) bool { return bytes.HasPrefix(reply, []byte("HTTP/")) }

// isTLSRecord knows the first record of a TLS server: an alert (0x15) or a handshake message (0x16),
// and then the version 3.x of all TLS (RFC 8446 section 5.1).
func isTLSRecord(r *stats.Result, reply []byte) bool {
	return !r.UsesTLS() && len(reply) > 1 && (reply[0] == 0x15 || reply[0] == 0x16) && reply[1] == 3
}

// saysTLS knows the pages with which servers answer a plain request to their TLS port: nginx, Go
// (net/http's server, in HTTP/1.0, which counts as malformed), Apache, and our testee. All have status 400.
func saysTLS(r *stats.Result, reply []byte) bool {
	head, _, _ := bytes.Cut(reply, []byte("\n"))
	if r.UsesTLS() || !bytes.Contains(head, []byte(" 400 ")) {
		return false
	}
	return slices.ContainsFunc([]string{
		"plain HTTP request was sent to HTTPS port",
		"Client sent an HTTP request to an HTTPS server",
		"speaking plain HTTP to an SSL-enabled server port",
		"plain HTTP at a port for TLS",
	}, func(words string) bool { return bytes.Contains(reply, []byte(words)) })
}
