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
var lateCodes = ws.StatusCodeRange{Min: 1012, Max: 1014}

// AppendClose appends a masked close frame with the code and no reason to dst:
// 8 bytes (RFC 6455 sections 5.3 and 5.5.1).
func AppendClose(dst []byte, code ws.StatusCode, mask [4]byte) []byte {
	var body [2]byte
	binary.BigEndian.PutUint16(body[:], uint16(code))
	return appendControl(dst, ws.OpClose, body[:], mask)
}

// AppendPong appends a masked pong frame to dst. payload is that of the ping
// which it answers, at most 125 bytes (RFC 6455 sections 5.5 and 5.5.3).
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

// CheckCloseCode reports in one line when a client may not send the code:
// allowed are 1000-1003, 1007-1011 and 3000-4999 (RFC 6455 section 7.4).
func CheckCloseCode(code ws.StatusCode) error {
	switch {
	case 1000 <= code && code <= 1003, 1007 <= code && code <= 1011, 3000 <= code && code <= 4999:
		return nil
	}
	return fmt.Errorf("close code %d: must be 1000-1003, 1007-1011 or 3000-4999", code)
}

// closeCode reads the body of a received close frame, of 0 or at least 2 bytes.
func closeCode(body []byte) (ws.StatusCode, error) {
	if len(body) == 0 {
		return ws.StatusNoStatusRcvd, nil
	}
	code := ws.StatusCode(binary.BigEndian.Uint16(body))
	if err := checkReceivedCode(code); err != nil {
		return 0, err
	}
	// Here and not in ws.CheckCloseFrameData, which wants a string: the
	// conversion could allocate.
	if !utf8.Valid(body[2:]) {
		return 0, errCloseReason
	}
	return code, nil
}

// checkReceivedCode is ws.CheckCloseFrameData, but for the codes that came later,
// and those above 4999, which RFC 6455 section 7.4.2 gives no meaning.
func checkReceivedCode(code ws.StatusCode) error {
	switch {
	case code.In(lateCodes):
		return nil
	case code.IsNotUsed():
		return errCloseUnused
	case code.IsProtocolReserved():
		return errCloseReserved
	case code == ws.StatusNoMeaningYet:
		return errCloseMeaning
	case code.IsProtocolSpec() && !code.IsProtocolDefined(), code > ws.StatusRangePrivate.Max:
		return errCloseUnknown
	}
	return nil
}
