package stats

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The histograms of intervals have two significant digits: a value is off by 1 % at most,
// and an interval of 7 phases takes a few kilobytes.
const (
	coarseDigits    = 2
	coarseUnits     = 256 // values below are counted exactly: the power of two from 2 * 10^coarseDigits on
	coarseBuckets   = 23  // of doubling width, until coarseUnits << (coarseBuckets-1) is above maxTrackableUs
	coarseLen       = (coarseBuckets + 1) * coarseUnits / 2
	coarseUnitsBits = 8
)

// coarse counts values in microseconds, 0 to maxTrackableUs. Its counters are those of an
// HdrHistogram with coarseDigits (AbstractHistogram.countsArrayIndex of the Java
// implementation), in its order.
type coarse [coarseLen]uint32

func (c *coarse) add(us uint32) {
	bucket := max(0, bits.Len32(us)-coarseUnitsBits)
	c[bucket*coarseUnits/2+int(us>>bucket)]++
}

func (c *coarse) count() (n uint64) {
	for _, of := range c {
		n += uint64(of)
	}
	return n
}

// appendTo appends the counters in the V2 encoding of HdrHistogram, without its header:
// ZigZag LEB128 numbers, of which a negative one is a run of zeros
// (AbstractHistogram.fillBufferFromCountsArray). binary.AppendVarint differs from that only
// for numbers of more than 56 bits.
func (c *coarse) appendTo(b []byte) []byte {
	zeros := int64(0)
	for _, n := range c {
		switch {
		case n == 0:
			zeros++
			continue
		case zeros == 1:
			b = binary.AppendVarint(b, 0)
		case zeros > 1:
			b = binary.AppendVarint(b, -zeros)
		}
		zeros = 0
		b = binary.AppendVarint(b, int64(n))
	}
	return b
}

var errCounters = errors.New("not the counters of an HdrHistogram")

// addFrom adds counters that appendTo has written.
func (c *coarse) addFrom(b []byte) error {
	for i := 0; len(b) > 0; {
		n, size := binary.Varint(b)
		if size <= 0 {
			return errCounters
		}
		b = b[size:]
		switch {
		case n <= 0:
			i -= int(max(n, -coarseLen)) // a run of zeros
			if n == 0 {
				i++
			}
			if i >= coarseLen {
				return errCounters
			}
			continue
		case i >= coarseLen || n > int64(^uint32(0)-c[i]):
			return errCounters
		}
		c[i] += uint32(n)
		i++
	}
	return nil
}

func (c *coarse) histogram() *hdrhistogram.Histogram {
	counts := make([]int64, coarseLen)
	for i, n := range c {
		counts[i] = int64(n)
	}
	return hdrhistogram.Import(&hdrhistogram.Snapshot{
		LowestTrackableValue: 1, HighestTrackableValue: maxTrackableUs, SignificantFigures: coarseDigits, Counts: counts,
	})
}
