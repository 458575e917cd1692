package handshake

import (
	"crypto/sha1"
	"encoding/base64"
)

// acceptGUID is appended to the key before it is hashed (RFC 6455 section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Key is the value of Sec-WebSocket-Key: the base64 form of 16 random bytes
// (RFC 6455 section 4.1, point 7 of the request's requirements).
type Key [24]byte

// Set makes the key from 16 random bytes, which must be fresh for each
// connection.
func (k *Key) Set(random *[16]byte) {
	base64.StdEncoding.Encode(k[:], random[:])
}

// Accept writes the value that Sec-WebSocket-Accept must have in the response
// to this key: base64 of the SHA-1 of key and GUID (RFC 6455 section 4.2.2,
// point 5.4).
func (k *Key) Accept(dst *[28]byte) {
	var in [len(k) + len(acceptGUID)]byte
	copy(in[:], k[:])
	copy(in[len(k):], acceptGUID)
	sum := sha1.Sum(in[:])
	base64.StdEncoding.Encode(dst[:], sum[:])
}
