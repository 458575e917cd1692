package report

import (
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// readLog returns the histograms of an interval log.
func readLog(t *testing.T, text string) (all []*hdrhistogram.Histogram) {
	t.Helper()
	log := hdrhistogram.NewHistogramLogReader(strings.NewReader(text))
	for {
		h, err := log.NextIntervalHistogram()
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if h == nil {
			return all
		}
		all = append(all, h)
	}
}

// TestLogIsReadBack compares all histograms with those of the result.
func TestLogIsReadBack(t *testing.T) {
	for name, r := range results() {
		if len(r.Intervals) > 0 {
			continue // TestLogOfIntervals
		}
		read := readLog(t, as(t, "hlog", r))
		var n int
		for p := range r.Phases {
			n += checkTagged(t, name, read, stats.Phase(p).String(), r.Phases[p].Success, r)
			n += checkTagged(t, name, read, stats.Phase(p).String()+".failure", r.Phases[p].Failure, r)
		}
		if n != len(read) || n == 0 && r.Total > 0 {
			t.Errorf("%s: %d histograms, want %d", name, len(read), n)
		}
	}
}

// checkTagged returns how many lines the histogram has: one, or none if it is empty.
func checkTagged(t *testing.T, name string, read []*hdrhistogram.Histogram, tag string, want *hdrhistogram.Histogram, r *stats.Result) (n int) {
	t.Helper()
	for _, h := range read {
		if h.Tag() != tag {
			continue
		}
		n++
		if !h.Equals(want) {
			t.Errorf("%s: %s is another histogram", name, tag)
		}
		// The reader cuts what is left of a millisecond.
		start, end := h.StartTimeMs()-r.Started.UnixMilli(), h.EndTimeMs()-r.Ended.UnixMilli()
		if min(start, end) < -1 || max(start, end) > 0 {
			t.Errorf("%s: %s starts %d ms and ends %d ms off", name, tag, start, end)
		}
	}
	if (n == 1) != (want.TotalCount() > 0) {
		t.Errorf("%s: %d lines of %s, which has %d values", name, n, tag, want.TotalCount())
	}
	return n
}

// TestLogOfIntervals: a line for each interval and phase, in order, and one start of the log.
func TestLogOfIntervals(t *testing.T) {
	r := example.Intervals()
	text := as(t, "hlog", r)
	i := 0
	for _, h := range readLog(t, text) {
		if p := stats.PhaseOpen.String(); h.Tag() != p {
			continue
		}
		iv := &r.Intervals[i]
		startMs := r.Started.Add(iv.Offset).UnixMilli()
		if !h.Equals(iv.Histogram(stats.PhaseOpen)) || h.StartTimeMs() < startMs-1 || h.StartTimeMs() > startMs {
			t.Errorf("interval %d starts at %d with %d values, want %d with %d", i, h.StartTimeMs(), h.TotalCount(), startMs, iv.Success)
		}
		i++
	}
	if i != len(r.Intervals) || strings.Count(text, "#[StartTime: ") != 1 {
		t.Errorf("%d intervals in\n%s", i, text)
	}
}
