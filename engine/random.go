package engine

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"fmt"
)

// randomSeed returns a seed from the system's entropy. The numbers that a loop draws
// from it with ChaCha8 are unpredictable, as RFC 6455 requires of keys (section 4.1,
// point 7) and masking keys (section 5.3), and need no system call.
func randomSeed() (seed [32]byte, err error) {
	if _, err := cryptorand.Read(seed[:]); err != nil {
		return seed, fmt.Errorf("seed random numbers: %w", err)
	}
	return seed, nil
}

func (l *loop) random16() (b [16]byte) {
	binary.NativeEndian.PutUint64(b[:8], l.random.Uint64())
	binary.NativeEndian.PutUint64(b[8:], l.random.Uint64())
	return b
}

func (l *loop) random4() (b [4]byte) {
	binary.NativeEndian.PutUint32(b[:], uint32(l.random.Uint64()))
	return b
}
