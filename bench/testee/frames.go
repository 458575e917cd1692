package testee

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// maxPayloadBytes bounds the payload of a data frame. Payloads are not stored, so
// memory needs no bound. It lets clients be tested with close code 1009.
const maxPayloadBytes = 1 << 20

// registeredCodes are close codes that IANA registered after RFC 6455 and that
// gobwas/ws rejects: service restart, try again later, bad gateway.
var registeredCodes = ws.StatusCodeRange{Min: 1012, Max: 1014}

var (
	errNotMinimal = errors.New("frame length is not in the minimal encoding")
	errTooBig     = errors.New("frame payload is over the limit")
)

// A frame is the frame that is being read.
type frame struct {
	ws.Header
	fragmented bool                                // a message has begun and not ended
	done       int                                 // payload bytes echoed
	held       [ws.MaxControlFramePayloadSize]byte // header, then payload of a control frame
	nHeld      int
	scan       wire                   // reads the header from held
	scratch    [ws.MaxHeaderSize]byte // for gobwas/ws to read and write headers
}

// readHeader collects a header and begins its frame when the header is complete.
func (s *session) readHeader() outcome {
	f := &s.frame
	for size := headerSize(f.held[:f.nHeld]); f.nHeld < size; size = headerSize(f.held[:f.nHeld]) {
		taken := copy(f.held[f.nHeld:size], s.wire.take(size-f.nHeld))
		if taken == 0 {
			return more
		}
		f.nHeld += taken
	}
	err := f.decode()
	f.nHeld, f.done = 0, 0
	switch {
	case err == errTooBig:
		return s.fail(ws.StatusMessageTooBig)
	case err != nil:
		return s.fail(ws.StatusProtocolError)
	case f.OpCode.IsControl():
		return s.beginControl()
	}
	return s.beginData()
}

// headerSize returns the size of the header that begins with b, or 2 if b is too
// short to tell (RFC 6455 section 5.2).
func headerSize(b []byte) int {
	const mask, length = 0x80, 0x7f
	size := ws.MinHeaderSize
	if len(b) < size {
		return size
	}
	switch b[1] & length {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if b[1]&mask != 0 {
		size += 4
	}
	return size
}

// decode parses the header in held and checks it.
func (f *frame) decode() (err error) {
	f.scan.in = f.held[:f.nHeld]
	if f.Header, err = ws.ReadHeaderBuffer(&f.scan, f.scratch[:]); err != nil {
		return err
	}
	side := ws.StateServerSide
	if f.fragmented {
		side = side.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(f.Header, side); err != nil {
		return err
	}
	// RFC 6455 section 5.2: "the minimal number of bytes MUST be used".
	if ws.HeaderSize(f.Header) != f.nHeld {
		return errNotMinimal
	}
	if f.Length > maxPayloadBytes {
		return errTooBig
	}
	return nil
}

// beginData echoes the header, unmasked.
func (s *session) beginData() outcome {
	s.frame.fragmented = !s.frame.Fin
	s.writeHeader(ws.Header{Fin: s.frame.Fin, OpCode: s.frame.OpCode, Length: s.frame.Length})
	if s.frame.Length > 0 {
		s.state = inData
	}
	return more
}

// writeHeader appends a header whose length is in range.
func (s *session) writeHeader(h ws.Header) {
	if err := ws.WriteHeaderBuffer(&s.wire, h, s.frame.scratch[:]); err != nil {
		panic("testee: frame length out of range") // decode has checked it
	}
}

// echo sends back the part of the payload that has arrived.
func (s *session) echo() outcome {
	f := &s.frame
	payload := s.wire.take(int(f.Length) - f.done)
	ws.Cipher(payload, f.Mask, f.done)
	s.wire.out = append(s.wire.out, payload...)
	f.done += len(payload)
	if f.done == int(f.Length) {
		s.state = inHeader
	}
	return more
}

func (s *session) beginControl() outcome {
	if s.frame.Length == 0 {
		return s.control(nil)
	}
	s.state = inControl
	return more
}

// readControl collects the payload of a control frame.
func (s *session) readControl() outcome {
	f := &s.frame
	f.nHeld += copy(f.held[f.nHeld:f.Length], s.wire.take(int(f.Length)-f.nHeld))
	if f.nHeld < int(f.Length) {
		return more
	}
	payload := f.held[:f.Length]
	ws.Cipher(payload, f.Mask, 0)
	s.state, f.nHeld = inHeader, 0
	return s.control(payload)
}

// control answers a complete control frame (RFC 6455 section 5.5).
func (s *session) control(payload []byte) outcome {
	switch s.frame.OpCode {
	case ws.OpPing:
		s.writeHeader(ws.Header{Fin: true, OpCode: ws.OpPong, Length: int64(len(payload))})
		s.wire.out = append(s.wire.out, payload...)
	case ws.OpClose:
		return s.close(payload)
	}
	return more
}

// close answers a close frame with one that has the same code and no reason (RFC
// 6455 section 5.5.1).
func (s *session) close(payload []byte) outcome {
	if len(payload) == 0 {
		s.wire.out = append(s.wire.out, ws.CompiledClose...)
		return finished
	}
	// RFC 6455 section 5.5.1: the first two bytes of a body are the code.
	if len(payload) == 1 {
		return s.fail(ws.StatusProtocolError)
	}
	code := ws.StatusCode(binary.BigEndian.Uint16(payload))
	switch {
	case !acceptable(code):
		return s.fail(ws.StatusProtocolError)
	case !utf8.Valid(payload[2:]):
		return s.fail(ws.StatusInvalidFramePayloadData) // RFC 6455 section 8.1
	}
	s.writeClose(code)
	return finished
}

// acceptable reports whether a client may send the code (RFC 6455 section 7.4).
func acceptable(code ws.StatusCode) bool {
	if code.In(registeredCodes) {
		return true
	}
	return code <= ws.StatusRangePrivate.Max && ws.CheckCloseFrameData(code, "") == nil
}

func (s *session) writeClose(code ws.StatusCode) {
	s.writeHeader(ws.Header{Fin: true, OpCode: ws.OpClose, Length: 2})
	s.wire.out = binary.BigEndian.AppendUint16(s.wire.out, uint16(code))
}

// fail fails the connection with a close frame that has the code (RFC 6455
// section 7.1.7).
func (s *session) fail(code ws.StatusCode) outcome {
	s.writeClose(code)
	return failed
}
