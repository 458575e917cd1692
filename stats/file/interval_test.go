package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// intervalsIn returns the intervals of a file as anybody would read them.
func intervalsIn(t *testing.T, file []byte) []intervalShape {
	t.Helper()
	var doc struct{ Intervals []intervalShape }
	if err := json.Unmarshal(file, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Intervals
}

// TestIntervalHistogramsAreStandard: the library reads what our own encoder writes.
func TestIntervalHistogramsAreStandard(t *testing.T) {
	r := example.Intervals()
	for i, shape := range intervalsIn(t, write(t, r)) {
		for p := range stats.Phase(stats.NumPhases) {
			series, ok := shape.Phases[p.String()]
			want := r.Intervals[i].Histogram(p)
			if !ok {
				if want.TotalCount() != 0 {
					t.Errorf("interval %d has no phase %v", i, p)
				}
				continue
			}
			got, err := hdrhistogram.Decode([]byte(series.Histogram))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Export().Counts, want.Export().Counts) || got.SignificantFigures() != 2 || series.Max != want.Max() {
				t.Errorf("interval %d, phase %v: %d values up to %d, want %d up to %d", i, p, got.TotalCount(), series.Max, want.TotalCount(), want.Max())
			}
		}
	}
}

// TestReadRefusesIntervals that cannot have come from a run.
func TestReadRefusesIntervals(t *testing.T) {
	whole := write(t, example.Intervals())
	foreign := encodeForeign(t, hdrhistogram.New(1, 1000, 2))
	first := intervalsIn(t, whole)[0].Phases["open"].Histogram
	for _, c := range []struct{ name, old, new, want string }{
		{"a count", `"started":102,`, `"started":103,`, "connections started in all intervals (607) differ from connections started (606)"},
		{"a negative count", `"started":102,`, `"started":-1,`, "cannot unmarshal"},
		{"a negative length", `"length_us":1000000,`, `"length_us":-1,`, "-1 is out of range"},
		{"a gap", `"offset_us":1000000,`, `"offset_us":1000001,`, "interval 1 begins at"},
		{"a cause", `"causes":{"open_reset":2}`, `"causes":{"\u001b[2J":2}`, `"\x1b[2J" is not a known cause`},
		{"another range", first, foreign, "histogram of 1 to 1000 with 2 digits"},
		{"no histogram", first, "AAAA", "not an HdrHistogram"},
		{"count of values", `"open":{"count":100,`, `"open":{"count":99,`, "100 values, but count is 99"},
	} {
		spoilt := strings.Replace(string(whole), c.old, c.new, 1)
		if spoilt == string(whole) {
			t.Fatalf("%s: %s is not in the file", c.name, c.old)
		}
		if _, err := Read(strings.NewReader(spoilt)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestTruncatedIntervals: a file that is cut off within the intervals has none; one that is
// cut off later has all.
func TestTruncatedIntervals(t *testing.T) {
	r := example.Intervals()
	r.Log = []*stats.ConnLog{stats.NewConnLog(0)}
	file := write(t, r)
	begin := bytes.Index(file, []byte(`"intervals"`))
	end := bytes.Index(file, []byte(`"connection_stats"`))
	for at := begin; at < len(file)-2; at += 97 {
		got, err := Read(bytes.NewReader(file[:at]))
		var damage *Damage
		if !errors.As(err, &damage) || got == nil || got.Total != 606 {
			t.Fatalf("cut off at %d: %v", at, err)
		}
		if want := map[bool]int{false: 0, true: 3}[at > end]; len(got.Intervals) != want {
			t.Errorf("cut off at %d: %d intervals, want %d", at, len(got.Intervals), want)
		}
	}
}

func BenchmarkWriteIntervals(b *testing.B) {
	w, iv := newIntervalWriter(), &example.Intervals().Intervals[2]
	for b.Loop() {
		if _, err := w.shape(iv); err != nil {
			b.Fatal(err)
		}
	}
}
