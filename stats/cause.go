package stats

// Cause is the reason why a connection failed. Each measured failure is charged
// to exactly one cause.
type Cause uint8

// The causes, grouped by the phase in which the connection failed. CauseNone is a
// success.
const (
	CauseNone Cause = iota

	CauseConnectRefused     // RST answered the SYN
	CauseConnectTimeout     // connect timeout expired, or the kernel gave up (ETIMEDOUT)
	CauseConnectReset       // RST after the connection was established, before anything was sent
	CauseConnectUnreachable // ICMP unreachable or no route
	CauseConnectOther       // any other error of connect(2)

	// The client's own limits. The first four are charged only after a whole connect
	// timeout: until then the start is retried.
	CausePortsExhausted // EADDRNOTAVAIL: no free local port
	CauseFDLimit        // EMFILE or ENFILE
	CauseMemory         // ENOMEM or ENOBUFS; on an established connection at once
	CauseSource         // the source address was removed from the client's machine
	CauseClientOther    // any other failure of the client itself

	// Of the TLS handshake, but for alerts and records that TLS forbids, which can also come later.
	CauseSecureTimeout        // secure timeout expired before the TLS handshake was complete
	CauseSecureReset          // RST before the TLS handshake was complete
	CauseSecureUnreachable    // ICMP unreachable, and the kernel gave up, before the TLS handshake was complete
	CauseSecureEOF            // FIN before the TLS handshake was complete
	CauseSecureAlert          // the testee sent a fatal alert (RFC 8446 section 6.2)
	CauseSecureProtocol       // a record or message that TLS forbids, also plain text on a port that should speak TLS
	CauseSecureUnknownCA      // the certificate is of an authority that is not trusted
	CauseSecureExpired        // the certificate has expired, or is not valid yet
	CauseSecureBadName        // the certificate is for another name (RFC 9525 section 6)
	CauseSecureBadCertificate // the certificate is refused for any other reason
	CauseSecureVersion        // no common version of TLS

	CauseOpenTimeout        // open timeout expired before the response was complete
	CauseOpenReset          // RST before the response was complete
	CauseOpenUnreachable    // ICMP unreachable, and the kernel gave up, before the response was complete
	CauseOpenEOF            // FIN before the response was complete
	CauseOpenStatus         // a well-formed response with a status other than 101
	CauseOpenMalformed      // not an HTTP/1.1 response
	CauseOpenTooLarge       // response head over the limit of bytes or header lines
	CauseOpenBadUpgrade     // Upgrade header missing or wrong
	CauseOpenBadConnection  // Connection header missing or without the token upgrade
	CauseOpenBadAccept      // Sec-WebSocket-Accept missing, repeated or wrong
	CauseOpenBadSubprotocol // a subprotocol that was not requested
	CauseOpenBadExtension   // an extension that was not requested

	CauseCloseTimeout     // close timeout expired before the close frame came
	CauseCloseReset       // RST before the close frame came
	CauseCloseUnreachable // ICMP unreachable, and the kernel gave up, before the close frame came
	CauseCloseEOF         // FIN before the close frame came
	CauseCloseProtocol    // a frame that RFC 6455 section 5 or 7.4 forbids
	CauseCloseFlood       // more bytes or frames than the limit before the close frame

	CauseInterrupted // the run was interrupted before this connection ended

	NumCauses = iota
)

var causeKeys = [NumCauses]string{
	"",
	"connect_refused", "connect_timeout", "connect_reset", "connect_unreachable", "connect_other",
	"client_ports_exhausted", "client_fd_limit", "client_memory", "client_source", "client_other",
	"secure_timeout", "secure_reset", "secure_unreachable", "secure_eof", "secure_alert", "secure_protocol",
	"secure_unknown_ca", "secure_expired", "secure_bad_name", "secure_bad_certificate", "secure_version",
	"open_timeout", "open_reset", "open_unreachable", "open_eof", "open_status", "open_malformed", "open_too_large",
	"open_bad_upgrade", "open_bad_connection", "open_bad_accept", "open_bad_subprotocol", "open_bad_extension",
	"close_timeout", "close_reset", "close_unreachable", "close_eof", "close_protocol", "close_flood",
	"interrupted",
}

// OfTLS reports whether only a connection with TLS can fail for the cause.
func (c Cause) OfTLS() bool { return c >= CauseSecureTimeout && c <= CauseSecureVersion }

// String returns the cause's key in the result file; keys never change. It returns
// "" for CauseNone and "unknown" for a value out of range.
func (c Cause) String() string {
	if int(c) < len(causeKeys) {
		return causeKeys[c]
	}
	return "unknown"
}
