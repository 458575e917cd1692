package handshake

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Codes that the IANA WebSocket close code registry gained after RFC 6455, which
// gobwas/ws does not know: service restart, try again later, bad gateway. Real
// servers send them.
var newerCodes = ws.StatusCodeRange{Min: 1012, Max: 1014}

// AppendClose appends a masked close frame with the code and no reason to dst:
// 8 bytes (RFC 6455 sections 5.3 and 5.5.1).
func AppendClose(dst []byte, code ws.StatusCode, mask [4]byte) []byte {
	var body [2]byte
	binary.BigEndian.PutUint16(body[:], uint16(code))
	return appendControl(dst, ws.OpClose, body[:], mask)
}

// AppendPong appends a masked pong frame to dst. payload is that of the ping to
// answer (RFC 6455 section 5.5.3). It panics if payload exceeds 125 bytes (section 5.5).
func AppendPong(dst []byte, payload []byte, mask [4]byte) []byte {
	if len(payload) > ws.MaxControlFramePayloadSize {
		panic("handshake: pong payload over 125 bytes")
	}
	return appendControl(dst, ws.OpPong, payload, mask)
}

func appendControl(dst []byte, op ws.OpCode, payload []byte, mask [4]byte) []byte {
	dst = append(dst, finBit|byte(op), maskBit|byte(len(payload)))
	dst = append(dst, mask[:]...)
	at := len(dst)
	dst = append(dst, payload...)
	ws.Cipher(dst[at:], mask, 0)
	return dst
}

// CheckCloseCode returns a one-line error unless a client may send the code:
// 1000-1003, 1007-1011 and 3000-4999 are allowed (RFC 6455 section 7.4).
func CheckCloseCode(code ws.StatusCode) error {
	switch {
	case 1000 <= code && code <= 1003, 1007 <= code && code <= 1011, 3000 <= code && code <= 4999:
		return nil
	}
	return fmt.Errorf("close code %d: must be 1000-1003, 1007-1011 or 3000-4999", code)
}

// closeCode returns the code in the body of a received close frame, or 1005 for an
// empty body. The body must not be 1 byte long.
func closeCode(body []byte) (ws.StatusCode, error) {
	if len(body) == 0 {
		return ws.StatusNoStatusRcvd, nil
	}
	code := ws.StatusCode(binary.BigEndian.Uint16(body))
	if err := checkReceivedCode(code); err != nil {
		return 0, err
	}
	// ws.CheckCloseFrameData would check this too, but takes a string: the
	// conversion could allocate.
	if !utf8.Valid(body[2:]) {
		return 0, errCloseNotUTF8
	}
	return code, nil
}

// checkReceivedCode does what ws.CheckCloseFrameData does, except that it accepts
// newerCodes and refuses codes above 4999, which RFC 6455 section 7.4.2 does not define.
func checkReceivedCode(code ws.StatusCode) error {
	switch {
	case code.In(newerCodes):
		return nil
	case code.IsNotUsed():
		return errCloseNotInUse
	case code.IsProtocolReserved():
		return errCloseReserved
	case code == ws.StatusNoMeaningYet:
		return errCloseNoMeaning
	case code.IsProtocolSpec() && !code.IsProtocolDefined(), code > ws.StatusRangePrivate.Max:
		return errCloseUnknown
	}
	return nil
}
