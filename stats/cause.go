package stats

// Cause is the counted reason why a connection failed. Exactly one is charged
// to each failed connection.
type Cause uint8

// The causes, grouped by the phase they end. CauseNone is a success.
const (
	CauseNone Cause = iota

	CauseConnectRefused     // RST answered the SYN
	CauseConnectTimeout     // connect timeout passed, or the kernel gave up (ETIMEDOUT)
	CauseConnectReset       // RST after the connection was established, before anything was sent
	CauseConnectUnreachable // ICMP unreachable or no route
	CauseConnectOther       // any other error of connect(2)

	CausePortsExhausted // EADDRNOTAVAIL: no free local port; the client's own limit
	CauseFDLimit        // EMFILE or ENFILE; the client's own limit
	CauseMemory         // ENOMEM or ENOBUFS; the client's own limit
	CauseSource         // a source address that is not on the client's machine any more
	CauseClientOther    // any other failure of the client itself

	CauseOpenTimeout        // open timeout passed before the response was whole
	CauseOpenReset          // RST before the response was whole
	CauseOpenEOF            // FIN before the response was whole
	CauseOpenStatus         // a well-formed response with a status other than 101
	CauseOpenMalformed      // not an HTTP/1.1 response
	CauseOpenTooLarge       // response head over the limit of bytes or headers
	CauseOpenBadUpgrade     // Upgrade header missing or wrong
	CauseOpenBadConnection  // Connection header missing or without the token upgrade
	CauseOpenBadAccept      // Sec-WebSocket-Accept missing, repeated or wrong
	CauseOpenBadSubprotocol // a subprotocol that was not asked for
	CauseOpenBadExtension   // an extension that was not asked for

	CauseCloseTimeout  // close timeout passed before the close frame came
	CauseCloseReset    // RST before the close frame came
	CauseCloseEOF      // FIN before the close frame came
	CauseCloseProtocol // a frame that RFC 6455 section 5 or 7.4 forbids
	CauseCloseFlood    // more bytes than the bound before the close frame

	CauseInterrupted // the run was interrupted before this connection ended

	NumCauses = iota
)

var causeKeys = [NumCauses]string{
	"",
	"connect_refused", "connect_timeout", "connect_reset", "connect_unreachable", "connect_other",
	"client_ports_exhausted", "client_fd_limit", "client_memory", "client_source", "client_other",
	"open_timeout", "open_reset", "open_eof", "open_status", "open_malformed", "open_too_large",
	"open_bad_upgrade", "open_bad_connection", "open_bad_accept", "open_bad_subprotocol", "open_bad_extension",
	"close_timeout", "close_reset", "close_eof", "close_protocol", "close_flood",
	"interrupted",
}

// String returns the cause's key in the result file, which is stable.
// CauseNone has the empty string.
func (c Cause) String() string {
	if int(c) < len(causeKeys) {
		return causeKeys[c]
	}
	return "unknown"
}
