package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// leastSamples are those of half a minute on one CPU at package pprof's 100 a second, as in
// the example of go.dev/doc/pgo. With far fewer, the functions that look hot are so by
// chance.
const leastSamples = 3000

// check refuses a profile that is damaged, or has too few samples to be of use.
func check(profile []byte) error {
	n, err := samples(profile)
	if err != nil {
		return fmt.Errorf("the profile is damaged: %w", err)
	}
	if n < leastSamples {
		return fmt.Errorf("the profile has %d samples, must have %d or more: raise -handshakes", n, leastSamples)
	}
	return nil
}

// Field numbers of profile.proto (github.com/google/pprof/blob/main/proto/profile.proto).
const (
	profileSample = 2 // of Profile: a message Sample for each stack
	sampleValue   = 2 // of Sample: first how many samples had this stack
)

// samples returns the number of samples in a CPU profile, a compressed message Profile.
func samples(profile []byte) (sum uint64, err error) {
	unzip, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		return 0, err
	}
	message, err := io.ReadAll(unzip)
	if err != nil {
		return 0, err
	}
	for len(message) > 0 {
		var f field
		if f, message, err = nextField(message); err != nil {
			return 0, err
		}
		if f.number == profileSample {
			n, err := countOf(f.content)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

// countOf returns the first value of a message Sample.
func countOf(sample []byte) (uint64, error) {
	for len(sample) > 0 {
		f, rest, err := nextField(sample)
		if err != nil {
			return 0, err
		}
		if f.number == sampleValue && f.content != nil { // packed
			f.value, _, err = varint(f.content)
		}
		if f.number == sampleValue {
			return f.value, err
		}
		sample = rest
	}
	return 0, errors.New("a sample has no value")
}

// field is one of a message in the encoding of Protocol Buffers
// (protobuf.dev/programming-guides/encoding).
type field struct {
	number  uint64
	value   uint64 // of wire type varint
	content []byte // of wire type len, else nil
}

// Wire types that profiles of package pprof have.
const (
	wireVarint = 0
	wireLen    = 2
)

func nextField(message []byte) (f field, rest []byte, err error) {
	tag, rest, err := varint(message)
	if err != nil {
		return f, nil, err
	}
	if f.value, rest, err = varint(rest); err != nil {
		return f, nil, err
	}
	f.number = tag >> 3
	switch wire := tag & 7; {
	case wire == wireVarint:
		return f, rest, nil
	case wire != wireLen:
		return f, nil, fmt.Errorf("wire type %d: must be %d or %d", wire, wireVarint, wireLen)
	case f.value > uint64(len(rest)):
		return f, nil, io.ErrUnexpectedEOF
	}
	f.content, rest = rest[:f.value:f.value], rest[f.value:]
	return f, rest, nil
}

func varint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return v, b[n:], nil
}
