package handshake

import (
	"errors"

	"github.com/gobwas/ws"
)

// The errors of Parser.Parse: why a response fails the opening handshake.
var (
	// ErrMalformed: RFC 7230 section 3 (message format, field syntax).
	ErrMalformed = errors.New("response is not a well-formed HTTP/1.1 response")
	// ErrTooLarge: our own limits, see Rules.
	ErrTooLarge = errors.New("response head exceeds the limit of bytes or header lines")
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

// ErrFlood is the error of FrameReader.Feed for a testee that sends more than
// MaxSkippedBytes, or more than 16384 frames, before its close frame. The limit is
// ours; the specification sets none.
var ErrFlood = errors.New("more than 1 MiB or 16384 frames before the close frame")

// Errors of frames. gobwas/ws has values for most of them, but they are strings:
// each conversion to an error allocates. They are converted once, here, and its
// checks are called by the tests only, which compare ours with them.
var (
	errOpCode                 error = ws.ErrProtocolOpCodeReserved         // RFC 6455 section 5.2
	errReservedBits           error = ws.ErrProtocolNonZeroRsv             // RFC 6455 section 5.2
	errMasked                 error = ws.ErrProtocolMaskUnexpected         // RFC 6455 section 5.1
	errLongControl            error = ws.ErrProtocolControlPayloadOverflow // RFC 6455 section 5.5
	errFragmentedControl      error = ws.ErrProtocolControlNotFinal        // RFC 6455 section 5.5
	errUnexpectedContinuation error = ws.ErrProtocolContinuationUnexpected // RFC 6455 section 5.4
	errExpectedContinuation   error = ws.ErrProtocolContinuationExpected   // RFC 6455 section 5.4

	errCloseOneByte   error = ws.ProtocolError("close frame body of one byte") // RFC 6455 section 5.5.1
	errCloseNotUTF8   error = ws.ErrProtocolInvalidUTF8                        // RFC 6455 section 5.5.1
	errCloseNotInUse  error = ws.ErrProtocolStatusCodeNotInUse                 // RFC 6455 section 7.4.2
	errCloseReserved  error = ws.ErrProtocolStatusCodeApplicationLevel         // RFC 6455 section 7.4.1
	errCloseNoMeaning error = ws.ErrProtocolStatusCodeNoMeaning                // RFC 6455 section 7.4.1
	errCloseUnknown   error = ws.ErrProtocolStatusCodeUnknown                  // RFC 6455 section 7.4.2
)
