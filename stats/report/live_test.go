package report

import (
	"strings"
	"testing"

	"wsperf/stats/internal/example"
)

func TestIntervalLine(t *testing.T) {
	r := example.Intervals()
	got := IntervalHeader
	for i := range r.Intervals {
		got += IntervalLine(&r.Intervals[i])
	}
	want := `  time s  started/s  success/s   fail/s  in flight      open  ready q50 ms  ready q99   late q99
   1.000        102        100        2          0         0         1.199      1.351      0.315
   2.000        202        200        2          3         4         1.351      1.647      0.611
   2.250       1208       1200        8          6         8         1.503      1.943      0.911
`
	if got = strings.ReplaceAll(got, "  open_reset 2", ""); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if !strings.HasSuffix(IntervalLine(&r.Intervals[0]), "  open_reset 2\n") {
		t.Error("the cause of the failures is missing")
	}
	if head := strings.Index(IntervalHeader, "\n"); head != strings.Index(want[head+1:], "\n") {
		t.Errorf("the header has %d characters, a line %d", head, strings.Index(want[head+1:], "\n"))
	}
}
