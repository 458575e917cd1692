package main

import (
	"encoding/binary"
	"errors"
	"io"
)

// batch is how many connections are in flight at once, and the most that a message speaks for.
const batch = 64

const lengthBytes = 4

// A message is what several connections have to say: its length and, for each of them, a length and bytes.

// send sends a message, unless none of the ends has anything to say. It returns its buffer.
func send(w io.Writer, b []byte, ends []*end) ([]byte, error) {
	b = append(b[:0], 0, 0, 0, 0)
	for _, e := range ends {
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.out)))
		b = append(b, e.out...)
	}
	if len(b) == lengthBytes*(1+len(ends)) {
		return b, nil
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-lengthBytes))
	_, err := w.Write(b)
	return b, err
}

// readMessage reads a message into b, which grows as it must, and returns it without its length.
func readMessage(r io.Reader, b []byte) ([]byte, error) {
	var length [lengthBytes]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return b, err
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	if cap(b) < n {
		b = make([]byte, n)
	}
	_, err := io.ReadFull(r, b[:n])
	return b[:n], err
}

var errCut = errors.New("a message is cut off, or speaks for too many connections")

// split returns what a message says for each connection.
func split(message []byte) (parts [batch][]byte, n int, err error) {
	for ; len(message) > 0; n++ {
		if n == batch || len(message) < lengthBytes {
			return parts, n, errCut
		}
		length := int(binary.BigEndian.Uint32(message))
		if message = message[lengthBytes:]; length > len(message) {
			return parts, n, errCut
		}
		parts[n], message = message[:length], message[length:]
	}
	return parts, n, nil
}
