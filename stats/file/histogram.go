package file

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// maxEncoded is the limit of an encoded histogram in bytes of base64. Ours have 21504
// counters of at most 9 bytes (ZigZag LEB128), so even an incompressible one takes
// less than 300 kB.
const maxEncoded = 1 << 20

// wireHeader is the big-endian header of the decompressed HdrHistogram V2 encoding, as
// in the reference implementation in Java (AbstractHistogram.encodeIntoByteBuffer).
type wireHeader struct {
	Cookie          int32
	PayloadLength   int32
	NormalizingBase int32
	Digits          int32
	Lowest          int64
	Highest         int64
	Ratio           float64
}

// empty is a histogram without a value, to compare others with.
var empty = sync.OnceValue(stats.NewHistogram)

// emptyEncoding is its encoding, which many phases of a file have.
var emptyEncoding = sync.OnceValue(func() string {
	encoded, err := empty().Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return "" // no encoding is like that: this is a shortcut only
	}
	return string(encoded)
})

// decodeHistogram decodes a histogram in base64. It checks range and precision before
// the library decodes, because that trusts the header and allocates up to 50 MB for it.
func decodeHistogram(encoded string) (*hdrhistogram.Histogram, error) {
	if len(encoded) > maxEncoded {
		return nil, fmt.Errorf("%d bytes, at most %d are allowed", len(encoded), maxEncoded)
	}
	if encoded == emptyEncoding() {
		return stats.NewHistogram(), nil
	}
	header, err := checkHeader(encoded, empty())
	if err != nil {
		return nil, err
	}
	decoded, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		return nil, err
	}
	if header.Ratio == 1 && header.NormalizingBase == 0 {
		return decoded, nil
	}
	// Copy only the counts: other fields of the header are not kept.
	h := stats.NewHistogram()
	if dropped := h.Merge(decoded); dropped != 0 {
		return nil, fmt.Errorf("%d values do not fit", dropped)
	}
	return h, nil
}

func checkHeader(encoded string, want *hdrhistogram.Histogram) (*wireHeader, error) {
	header, err := readHeader(encoded)
	if err != nil {
		return nil, fmt.Errorf("not an HdrHistogram in V2 encoding: %w", err)
	}
	if int64(header.Digits) != want.SignificantFigures() ||
		header.Lowest != want.LowestTrackableValue() || header.Highest != want.HighestTrackableValue() {
		return nil, fmt.Errorf("histogram of %d to %d with %d digits, must be %d to %d with %d",
			header.Lowest, header.Highest, header.Digits,
			want.LowestTrackableValue(), want.HighestTrackableValue(), want.SignificantFigures())
	}
	return header, nil
}

func readHeader(encoded string) (*wireHeader, error) {
	inflated, err := inflate(encoded)
	if err != nil {
		return nil, err
	}
	header := &wireHeader{}
	fixed := io.LimitReader(inflated, int64(binary.Size(header)))
	return header, binary.Read(fixed, binary.BigEndian, header)
}

// inflate returns a reader of the decompressed encoding.
func inflate(encoded string) (io.Reader, error) {
	const envelope = 8 // cookie of the compressed encoding, and the compressed length
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	if len(raw) < envelope {
		return nil, errors.New("too short")
	}
	return zlib.NewReader(bytes.NewReader(raw[envelope:]))
}
