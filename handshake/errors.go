package handshake

import (
	"errors"

	"github.com/gobwas/ws"
)

// The verdicts of Parser.Parse on a response that is not the wanted one.
var (
	// ErrMalformed: RFC 7230 section 3 (message format, field syntax).
	ErrMalformed = errors.New("response is not a well-formed HTTP/1.1 response")
	// ErrTooLarge: our own bounds, see Rules.
	ErrTooLarge = errors.New("response head is over the limit of bytes or header lines")
	// ErrStatus: RFC 6455 section 4.1, check 1. Parser.Status has the code.
	ErrStatus = errors.New("response status is not 101")
	// ErrBadUpgrade: RFC 6455 section 4.1, check 2.
	ErrBadUpgrade = errors.New("response header Upgrade is missing or is not websocket")
	// ErrBadConnection: RFC 6455 section 4.1, check 3.
	ErrBadConnection = errors.New("response header Connection is missing or lacks the token upgrade")
	// ErrBadAccept: RFC 6455 section 4.1, check 4.
	ErrBadAccept = errors.New("response header Sec-WebSocket-Accept is missing, repeated or wrong for the key")
	// ErrBadExtension: RFC 6455 section 4.1, check 5.
	ErrBadExtension = errors.New("response header Sec-WebSocket-Extensions names an extension that was not offered")
	// ErrBadSubprotocol: RFC 6455 section 4.1, check 6.
	ErrBadSubprotocol = errors.New("response header Sec-WebSocket-Protocol is repeated or names a subprotocol that was not offered")
)

// ErrFlood is the verdict of FrameReader.Feed on a testee that sends more than
// MaxSkippedBytes without closing, or 16384 frames. The bound is ours, not the specification's.
var ErrFlood = errors.New("more bytes before the close frame than the bound")

// Errors of frames. gobwas/ws has values for most, but of a type that is
// allocated anew each time it is returned as an error: so not by its checks, which
// the tests compare ours with.
var (
	errOpCode       error = ws.ErrProtocolOpCodeReserved         // RFC 6455 section 5.2
	errReservedBits error = ws.ErrProtocolNonZeroRsv             // RFC 6455 section 5.2
	errMasked       error = ws.ErrProtocolMaskUnexpected         // RFC 6455 section 5.1
	errLongControl  error = ws.ErrProtocolControlPayloadOverflow // RFC 6455 section 5.5
	errCutControl   error = ws.ErrProtocolControlNotFinal        // RFC 6455 section 5.5
	errNothingToEnd error = ws.ErrProtocolContinuationUnexpected // RFC 6455 section 5.4
	errWithin       error = ws.ErrProtocolContinuationExpected   // RFC 6455 section 5.4

	errCloseBody     error = ws.ProtocolError("close frame body of one byte") // RFC 6455 section 5.5.1
	errCloseReason   error = ws.ErrProtocolInvalidUTF8                        // RFC 6455 section 5.5.1
	errCloseUnused   error = ws.ErrProtocolStatusCodeNotInUse                 // RFC 6455 section 7.4.2
	errCloseReserved error = ws.ErrProtocolStatusCodeApplicationLevel         // RFC 6455 section 7.4.1
	errCloseMeaning  error = ws.ErrProtocolStatusCodeNoMeaning                // RFC 6455 section 7.4.1
	errCloseUnknown  error = ws.ErrProtocolStatusCodeUnknown                  // RFC 6455 section 7.4.2
)
