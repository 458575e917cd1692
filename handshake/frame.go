package handshake

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// MaxSkippedBytes limits the frames that a testee may send before its close frame,
// in bytes with their headers. A frame counts as 64 bytes at least. The limit is ours.
const MaxSkippedBytes = 1 << 20

// leastCharge is the least that a frame counts for, in bytes. Without it, half a
// million empty frames would pass, and reading them takes 20 milliseconds.
const leastCharge = 64

// FrameEvent is the reason why FrameReader.Feed returned.
type FrameEvent uint8

// The events.
const (
	FrameNone  FrameEvent = iota // all bytes are consumed, more are needed
	FramePing                    // a ping; its payload is in Payload
	FrameClose                   // the close frame; its code is in Code
)

const (
	finBit       = 0x80 // RFC 6455 section 5.2, first byte
	reservedBits = 0x70
	maskBit      = 0x80 // second byte

	length16 = 126 // the 7-bit length that announces 16 bits
	length64 = 127 // the 7-bit length that announces 64 bits

	// maxHeader is the longest header without a masking key: masked frames are refused.
	maxHeader = ws.MaxHeaderSize - 4
)

// FrameReader reads the frames of a testee up to its close frame. The zero value
// is ready. Text and binary messages are skipped, without validating their UTF-8.
type FrameReader struct {
	left       uint64 // payload bytes of the current frame still to come
	skipped    uint32 // bytes of all frames so far, each frame counted as leastCharge at least
	code       ws.StatusCode
	fragmented bool  // a message has begun and not ended: RFC 6455 section 5.4
	inPayload  bool  // the current frame's header is complete
	headerLen  uint8 // bytes in header
	payloadLen uint8 // bytes in payload
	header     [maxHeader]byte
	payload    [ws.MaxControlFramePayloadSize]byte // of a ping or close frame
}

// Reset makes the reader ready for another connection.
func (r *FrameReader) Reset() {
	r.left, r.skipped, r.code = 0, 0, 0
	r.fragmented, r.inPayload = false, false
	r.headerLen, r.payloadLen = 0, 0
}

// Payload returns the payload of the ping just reported, at most 125 bytes. It
// is valid until the next Feed.
func (r *FrameReader) Payload() []byte { return r.payload[:r.payloadLen] }

// Code returns the code of the close frame just reported, or 1005 when it has
// no body (RFC 6455 section 7.1.5).
func (r *FrameReader) Code() ws.StatusCode { return r.code }

// Feed consumes b up to and including the next event, and returns the number of
// bytes consumed. After FramePing, call it with the rest of b; after FrameClose or an
// error, call Reset first. Errors are ErrFlood, values of ws.ProtocolError,
// ws.ErrHeaderLengthMSB, and ws.ErrHeaderLengthUnexpected for a length that is not
// in its shortest form.
func (r *FrameReader) Feed(b []byte) (n int, ev FrameEvent, err error) {
	if body := r.completeClose(b); body != nil {
		if r.code, err = closeCode(body); err == nil {
			ev = FrameClose
		}
		return 2 + len(body), ev, err
	}
	for n < len(b) && ev == FrameNone && err == nil {
		var used int
		if r.inPayload {
			used = r.feedPayload(b[n:])
		} else {
			used, err = r.feedHeader(b[n:])
		}
		n += used
		if err == nil && r.inPayload && r.left == 0 {
			ev, err = r.frameEnded()
		}
	}
	return n, ev, err
}

// completeClose returns the body of a complete close frame at the beginning of b, or
// nil. It is a fast path: most testees send such a frame and nothing else.
func (r *FrameReader) completeClose(b []byte) []byte {
	const header, leastBody = 2, 2
	if r.inPayload || r.headerLen != 0 || len(b) < header+leastBody || b[0] != finBit|byte(ws.OpClose) {
		return nil
	}
	size := int(b[1])
	if size < leastBody || size > ws.MaxControlFramePayloadSize || header+size > len(b) {
		return nil
	}
	return b[header : header+size]
}

// feedHeader consumes bytes up to the end of the header.
func (r *FrameReader) feedHeader(b []byte) (n int, err error) {
	for !r.inPayload && n < len(b) && err == nil {
		r.header[r.headerLen] = b[n]
		r.headerLen++
		n++
		err = r.headerGrown()
	}
	if err != nil {
		r.headerLen = 0 // another Feed without Reset must not write beyond the array
	}
	return n, err
}

func (r *FrameReader) headerGrown() error {
	if r.headerLen == 2 {
		if err := r.checkBits(); err != nil {
			return err
		}
	}
	if r.headerLen < 2 || int(r.headerLen) < headerSize(r.header[1]) {
		return nil
	}
	return r.headerComplete()
}

// headerSize returns the length of an unmasked header, given its second byte.
func headerSize(second byte) int {
	switch second &^ maskBit {
	case length16:
		return 2 + 2
	case length64:
		return 2 + 8
	}
	return 2
}

// checkBits checks the first two bytes of a header, as ws.CheckHeader would check the
// whole of it. The two are enough: a control frame that announces a 16- or 64-bit
// length is refused whatever the length.
func (r *FrameReader) checkBits() error {
	op, fin := r.opCode(), r.header[0]&finBit != 0
	switch {
	case op.IsReserved():
		return errOpCode
	case op.IsControl() && r.header[1]&^maskBit > ws.MaxControlFramePayloadSize:
		return errLongControl
	case op.IsControl() && !fin:
		return errFragmentedControl
	case r.header[0]&reservedBits != 0:
		return errReservedBits
	case r.header[1]&maskBit != 0:
		return errMasked
	case r.fragmented && (op == ws.OpText || op == ws.OpBinary):
		return errExpectedContinuation
	case !r.fragmented && op == ws.OpContinuation:
		return errUnexpectedContinuation
	}
	return nil
}

func (r *FrameReader) opCode() ws.OpCode { return ws.OpCode(r.header[0] & 0x0f) }

// headerComplete begins the payload.
func (r *FrameReader) headerComplete() error {
	length, err := r.length()
	if err != nil {
		return err
	}
	if err := r.admit(length); err != nil {
		return err
	}
	r.left, r.inPayload, r.payloadLen = length, true, 0
	if r.opCode().IsData() {
		r.fragmented = r.header[0]&finBit == 0
	}
	return nil
}

// length reads the payload length: "the minimal number of bytes MUST be used",
// and the most significant bit of 64 must be 0 (RFC 6455 section 5.2).
func (r *FrameReader) length() (uint64, error) {
	var length, least uint64
	switch r.header[1] {
	case length16:
		length, least = uint64(binary.BigEndian.Uint16(r.header[2:])), length16
	case length64:
		length, least = binary.BigEndian.Uint64(r.header[2:]), 1<<16
	default:
		return uint64(r.header[1]), nil
	}
	switch {
	case length>>63 != 0:
		return 0, ws.ErrHeaderLengthMSB
	case length < least:
		return 0, ws.ErrHeaderLengthUnexpected
	}
	return length, nil
}

// admit checks a frame by its length, before its payload arrives. The close frame
// does not count as skipped.
func (r *FrameReader) admit(length uint64) error {
	if r.opCode() == ws.OpClose {
		if length == 1 {
			return errCloseOneByte
		}
		return nil
	}
	total := uint64(r.skipped) + max(leastCharge, uint64(r.headerLen)+length)
	if total > MaxSkippedBytes {
		return ErrFlood
	}
	r.skipped = uint32(total)
	return nil
}

// feedPayload consumes bytes of the payload, and keeps those of pings and close frames.
func (r *FrameReader) feedPayload(b []byte) (n int) {
	n = int(min(uint64(len(b)), r.left))
	r.left -= uint64(n)
	if op := r.opCode(); op == ws.OpPing || op == ws.OpClose {
		copy(r.payload[r.payloadLen:], b[:n])
		r.payloadLen += uint8(n)
	}
	return n
}

func (r *FrameReader) frameEnded() (ev FrameEvent, err error) {
	r.inPayload, r.headerLen = false, 0
	switch r.opCode() {
	case ws.OpPing:
		return FramePing, nil
	case ws.OpClose:
		if r.code, err = closeCode(r.Payload()); err != nil {
			return FrameNone, err
		}
		return FrameClose, nil
	}
	return FrameNone, nil
}
