package stats

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestCoarseIsAnHdrHistogram: the counters are those of the library, and survive encoding.
func TestCoarseIsAnHdrHistogram(t *testing.T) {
	want := hdrhistogram.New(1, maxTrackableUs, coarseDigits)
	if got := len(want.Export().Counts); got != coarseLen {
		t.Fatalf("%d counters, the library has %d", coarseLen, got)
	}
	c := new(coarse)
	random := rand.New(rand.NewPCG(1, 2))
	values := []int64{0, 1, 127, 128, 255, 256, 257, 511, 512, maxTrackableUs}
	for range 5000 {
		values = append(values, random.Int64N(1<<random.IntN(30)))
	}
	for _, us := range values {
		us = min(us, maxTrackableUs)
		c.add(uint32(us))
		if err := want.RecordValue(us); err != nil {
			t.Fatal(err)
		}
	}
	decoded := new(coarse)
	if err := decoded.addFrom(c.appendTo(nil)); err != nil || *decoded != *c {
		t.Errorf("%v after encoding, or other counters", err)
	}
	got := decoded.histogram()
	if !slices.Equal(got.Export().Counts, want.Export().Counts) || got.TotalCount() != int64(c.count()) {
		t.Errorf("%d values, the library has %d", got.TotalCount(), want.TotalCount())
	}
	for _, q := range []float64{1, 50, 99, 100} {
		if g, w := got.ValueAtPercentile(q), want.ValueAtPercentile(q); g != w {
			t.Errorf("q%v: %d, want %d", q, g, w)
		}
	}
}

func TestBadCounters(t *testing.T) {
	number := func(ns ...int64) (b []byte) {
		for _, n := range ns {
			b = binary.AppendVarint(b, n)
		}
		return b
	}
	for name, b := range map[string][]byte{
		"cut off":        {0x80},
		"too long":       bytes.Repeat([]byte{0xff}, 11),
		"too many zeros": number(-coarseLen),
		"far too many":   number(-1 << 62),
		"beyond the end": number(-coarseLen+1, 1, 1),
		"a large count":  number(1 << 32),
		"in two":         number(1<<32-1, 0),
	} {
		err := new(coarse).addFrom(b)
		if name == "in two" {
			c := coarse{1}
			err = c.addFrom(b)
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// recordInterval records successes that took so many microseconds, and a failure.
func recordInterval(rec *Recorder, us ...int64) {
	for _, v := range us {
		rec.Start()
		rec.Success(sampleOf(v * 1000))
		rec.Fin(FinReceived)
	}
	rec.Start()
	rec.Fail(sampleOf(9e6), CauseOpenReset)
}

// recorded returns a result with intervals of a second, of which the first is as given.
func recorded(t *testing.T, us ...int64) *Result {
	t.Helper()
	rec, series := NewRecorder(nil), NewSeries(time.Second)
	first, second := new(IntervalRecorder), new(IntervalRecorder)
	rec.RecordIntervals(first)
	recordInterval(rec, us...)
	rec.Start() // which ends in the second interval
	first = rec.Cut(second)
	first.InFlight, first.Open = 1, 2
	if err := series.Add(first); err != nil {
		t.Fatal(err)
	}
	rec.Success(sampleOf(7000))
	rec.Fin(FinReceived)
	second = rec.Cut(first)
	second.Index = 1
	third := rec.Cut(second) // of the same interval, in the recorder of the first
	third.Index = 1
	for _, part := range []*IntervalRecorder{second, third} {
		if err := series.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	r := mustMerge(t, rec)
	r.Setup.IntervalUs = 1e6
	r.Intervals = series.Intervals(1500 * time.Millisecond)
	return r
}

// TestSeries: an interval has what was recorded in it, and the recorder is empty again.
func TestSeries(t *testing.T) {
	r := recorded(t, 100, 200, 300)
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	a, b := r.Intervals[0], r.Intervals[1]
	if a.Started != 5 || a.Success != 3 || a.Fail != 1 || a.Causes[CauseOpenReset] != 1 || a.InFlight != 1 || a.Open != 2 {
		t.Errorf("first interval %+v", a)
	}
	if b.Started != 0 || b.Success != 1 || b.Offset != time.Second || b.Length != 500*time.Millisecond || b.PerSecond(b.Success) != 2 {
		t.Errorf("second interval %+v", b)
	}
	if h := a.Histogram(PhaseReady); h.TotalCount() != 3 || h.Max() != 301 { // of two digits: 300 or 301
		t.Errorf("phase ready: %d values up to %d", h.TotalCount(), h.Max())
	}
	if n := a.Histogram(PhaseLate).TotalCount(); n != 4 {
		t.Errorf("%d values of late, want those of the failure too", n)
	}
	if n := b.Histogram(PhaseReady).TotalCount(); n != 1 {
		t.Errorf("%d values in the second interval, want 1", n)
	}
}

// TestCheckIntervals: nothing may be missing in the intervals, or be in them twice.
func TestCheckIntervals(t *testing.T) {
	for name, spoil := range map[string]func(*Result){
		"started": func(r *Result) { r.Intervals[0].Started++ },
		"success": func(r *Result) { r.Intervals[1].Success-- },
		"cause":   func(r *Result) { r.Intervals[1].Causes[CauseOpenEOF]++ },
		"values":  func(r *Result) { r.Intervals[1].encoded[PhaseOpen] = nil },
		"late":    func(r *Result) { r.Intervals[0].encoded[PhaseLate] = r.Intervals[0].encoded[PhaseOpen] },
		"gap":     func(r *Result) { r.Intervals[1].Offset++ },
	} {
		r := recorded(t, 1, 2)
		if spoil(r); r.Check() == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// TestMergeIntervals: by the offset from the start, whatever the number of intervals.
func TestMergeIntervals(t *testing.T) {
	long, short := recorded(t, 100, 200), recorded(t, 100)
	long.Intervals = append(long.Intervals, Interval{})
	long.Intervals[1].Length = time.Second
	long.Intervals[2] = Interval{Offset: 2 * time.Second, Length: time.Millisecond}
	merged, err := MergeResults(long, short)
	if err != nil {
		t.Fatal(err)
	}
	if err := merged.Check(); err != nil || len(merged.Intervals) != 3 {
		t.Fatalf("%v, %d intervals", err, len(merged.Intervals))
	}
	if h := merged.Intervals[0].Histogram(PhaseOpen); h.TotalCount() != 3 || merged.Intervals[0].Open != 4 || countAt(h, 100) != 2 {
		t.Errorf("first interval %+v, %d values", merged.Intervals[0], h.TotalCount())
	}
	if long.Intervals[0].Success != 2 || long.Intervals[0].Histogram(PhaseOpen).TotalCount() != 2 {
		t.Error("merging has changed a part")
	}
	without := mustMerge(t, NewRecorder(nil))
	if merged, err = MergeResults(long, without); err != nil || len(merged.Intervals) != 3 {
		t.Errorf("%v, %d intervals beside a result without a connection", err, len(merged.Intervals))
	}
	other := recorded(t, 1)
	other.Setup.IntervalUs = 2e6
	other.Intervals = other.Intervals[:1] // shorter than one of its intervals, longer than one of the other's
	if merged, err = MergeResults(long, other); err != nil || len(merged.Intervals) != 0 {
		t.Errorf("%v, %d intervals of different lengths", err, len(merged.Intervals))
	}
}

// TestSeriesIsSmall: an hour of intervals of a second takes 20 MB at most, at 25000
// connections a second whose phases spread as on a busy machine.
func TestSeriesIsSmall(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	part := new(IntervalRecorder)
	for range 25000 {
		var m measured
		for p, us := range map[Phase]float64{PhaseConnect: 20, PhaseOpen: 2000, PhaseClose: 600, PhaseFin: 100} {
			m.us[p], m.reached = uint32(us*(0.1+random.ExpFloat64())), m.reached.With(p)
		}
		m.us[PhaseReady] = m.us[PhaseConnect] + m.us[PhaseOpen]
		m.us[PhaseTotal] = m.us[PhaseReady] + m.us[PhaseClose] + m.us[PhaseFin]
		m.reached = m.reached.With(PhaseReady).With(PhaseTotal)
		part.addSuccesses([]measured{m})
	}
	s := NewSeries(time.Second)
	if err := s.Add(part); err != nil {
		t.Fatal(err)
	}
	size := 700 // of an Interval without its histograms, as the slice grows
	for p := range Phase(NumPhases) {
		size += cap(s.all[0].Encoded(p))
	}
	if hour := 3600 * size; hour > 20e6 {
		t.Errorf("%d bytes an hour", hour)
	}
	t.Logf("%d bytes an interval", size)
}
