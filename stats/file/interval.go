package file

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// maxIntervalBytes bounds the memory of all intervals that are read: an hour of intervals of
// a second takes up to 20 MB.
const maxIntervalBytes = 512 << 20

// intervalShape is the JSON form of a stats.Interval.
type intervalShape struct {
	OffsetUs  int64                     `json:"offset_us"`
	LengthUs  int64                     `json:"length_us"`
	Started   uint64                    `json:"started"`
	Success   uint64                    `json:"success"`
	Fail      uint64                    `json:"fail"`
	Causes    map[string]uint64         `json:"causes"` // those that were charged
	InFlight  int                       `json:"in_flight"`
	Open      int                       `json:"open_connections"`
	PerSecond float64                   `json:"handshakes_per_second"`
	Phases    map[string]intervalSeries `json:"phases"` // those with a value, late too
}

// intervalSeries is the JSON form of a phase of an interval, in microseconds. Read uses only
// Count and Histogram.
type intervalSeries struct {
	Count     uint64 `json:"count"`
	Q50       int64  `json:"q50"`
	Q90       int64  `json:"q90"`
	Q99       int64  `json:"q99"`
	Max       int64  `json:"max"`
	Histogram string `json:"histogram"` // HdrHistogram V2 compressed encoding, in base64
}

// intervalWriter makes the JSON form of intervals. Its compressor is used again for each
// histogram: a new one takes 800 kB, and there are 25000 histograms in an hour.
type intervalWriter struct {
	header     wireHeader
	compressed bytes.Buffer
	compressor *zlib.Writer
}

func newIntervalWriter() *intervalWriter {
	w := &intervalWriter{header: intervalHeader()}
	w.compressor = zlib.NewWriter(&w.compressed)
	return w
}

// intervalHeader is that of the histograms of all intervals.
func intervalHeader() wireHeader {
	h := new(stats.Interval).Histogram(stats.PhaseTotal)
	const words = 0x10 // of 8 bytes; added to the cookie
	return wireHeader{
		Cookie: hdrhistogram.V2EncodingCookieBase | words, Digits: int32(h.SignificantFigures()),
		Lowest: h.LowestTrackableValue(), Highest: h.HighestTrackableValue(), Ratio: 1,
	}
}

func (w *intervalWriter) shape(iv *stats.Interval) (s intervalShape, err error) {
	s = intervalShape{
		OffsetUs: iv.Offset.Microseconds(), LengthUs: iv.Length.Microseconds(),
		Started: iv.Started, Success: iv.Success, Fail: iv.Fail, Causes: map[string]uint64{},
		InFlight: iv.InFlight, Open: iv.Open, PerSecond: iv.PerSecond(iv.Success), Phases: map[string]intervalSeries{},
	}
	for c, n := range iv.Causes {
		if n > 0 {
			s.Causes[stats.Cause(c).String()] = n
		}
	}
	for p := range stats.Phase(stats.NumPhases) {
		if len(iv.Encoded(p)) == 0 {
			continue
		}
		if s.Phases[p.String()], err = w.series(iv, p); err != nil {
			return s, fmt.Errorf("phase %v of an interval: %w", p, err)
		}
	}
	return s, nil
}

func (w *intervalWriter) series(iv *stats.Interval, p stats.Phase) (s intervalSeries, err error) {
	h := iv.Histogram(p)
	q := h.ValueAtPercentilesSlice([]float64{50, 90, 99})
	s = intervalSeries{Count: uint64(h.TotalCount()), Q50: q[0], Q90: q[1], Q99: q[2], Max: h.Max()}
	s.Histogram, err = w.encode(iv.Encoded(p))
	return s, err
}

// encode completes counters to a histogram in the V2 compressed encoding, in base64.
func (w *intervalWriter) encode(counters []byte) (string, error) {
	w.compressed.Reset()
	w.compressor.Reset(&w.compressed)
	w.header.PayloadLength = int32(len(counters))
	err := binary.Write(w.compressor, binary.BigEndian, &w.header)
	if err == nil {
		_, err = w.compressor.Write(counters)
	}
	if err = errors.Join(err, w.compressor.Close()); err != nil {
		return "", err
	}
	all := binary.BigEndian.AppendUint32(nil, uint32(hdrhistogram.V2CompressedEncodingCookieBase|0x10))
	all = binary.BigEndian.AppendUint32(all, uint32(w.compressed.Len()))
	return base64.StdEncoding.EncodeToString(append(all, w.compressed.Bytes()...)), nil
}

// addInterval adds one element of key "intervals".
func (d *document) addInterval(value []byte) error {
	if len(d.intervals) == stats.MaxIntervals {
		return fmt.Errorf("more than %d intervals", stats.MaxIntervals)
	}
	var s intervalShape
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	iv, err := s.interval()
	if err != nil {
		return fmt.Errorf("interval %d: %w", len(d.intervals), err)
	}
	for p := range stats.Phase(stats.NumPhases) {
		d.intervalBytes += len(iv.Encoded(p))
	}
	if d.intervalBytes > maxIntervalBytes {
		return fmt.Errorf("histograms of more than %d bytes", maxIntervalBytes)
	}
	d.intervals = append(d.intervals, iv)
	return nil
}

func (s *intervalShape) interval() (iv stats.Interval, err error) {
	if err := within(maxCount, "", *s); err != nil {
		return iv, err
	}
	iv = stats.Interval{
		Offset: time.Duration(s.OffsetUs) * time.Microsecond, Length: time.Duration(s.LengthUs) * time.Microsecond,
		Started: s.Started, Success: s.Success, Fail: s.Fail, InFlight: s.InFlight, Open: s.Open,
	}
	for key, n := range s.Causes {
		c, known := causeOf(key)
		if !known {
			return iv, fmt.Errorf("%q is not a known cause", clip(key))
		}
		iv.Causes[c] = n
	}
	for p := range stats.Phase(stats.NumPhases) {
		if series, ok := s.Phases[p.String()]; ok {
			if err := series.decode(&iv, p); err != nil {
				return iv, fmt.Errorf("phase %v: %w", p, err)
			}
		}
	}
	return iv, nil
}

func (s *intervalSeries) decode(iv *stats.Interval, p stats.Phase) error {
	if len(s.Histogram) > maxEncoded {
		return fmt.Errorf("%d bytes, at most %d are allowed", len(s.Histogram), maxEncoded)
	}
	if _, err := checkHeader(s.Histogram, iv.Histogram(p)); err != nil {
		return err
	}
	counters, err := countersOf(s.Histogram)
	if err != nil {
		return err
	}
	if err := iv.SetEncoded(p, counters); err != nil {
		return err
	}
	if n := uint64(iv.Histogram(p).TotalCount()); n != s.Count {
		return fmt.Errorf("histogram: %d values, but count is %d", n, s.Count)
	}
	return nil
}

// countersOf returns the counters of an encoded histogram whose header was checked.
func countersOf(encoded string) ([]byte, error) {
	inflated, err := inflate(encoded)
	if err != nil {
		return nil, err
	}
	header := wireHeader{}
	if err := binary.Read(inflated, binary.BigEndian, &header); err != nil {
		return nil, err
	}
	if header.PayloadLength < 0 || header.PayloadLength > maxEncoded {
		return nil, fmt.Errorf("%d bytes of counters, at most %d are allowed", header.PayloadLength, maxEncoded)
	}
	counters := make([]byte, header.PayloadLength)
	_, err = io.ReadFull(inflated, counters)
	return counters, err
}
