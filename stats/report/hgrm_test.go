package report

import (
	"strconv"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// plotted returns the points that HdrHistogram's plotFiles.html draws of a file: of lines that
// do not begin with "#" and have 4 fields between spaces, the first field over the last one,
// if JavaScript's parseFloat reads both.
func plotted(text string) (points [][2]float64) {
	for line := range strings.Lines(text) {
		fields := strings.FieldsFunc(strings.TrimSpace(line), func(c rune) bool { return c == ' ' })
		if strings.HasPrefix(line, "#") || len(fields) != 4 || fields[3] == "inf" {
			continue
		}
		y, err := strconv.ParseFloat(fields[0], 64)
		x, err2 := strconv.ParseFloat(fields[3], 64)
		if err == nil && err2 == nil {
			points = append(points, [2]float64{x, y})
		}
	}
	return points
}

// TestSpectrumIsOneCurve: both coordinates of the points grow.
func TestSpectrumIsOneCurve(t *testing.T) {
	for name, r := range results() {
		for p := range stats.Phase(stats.NumPhases) {
			text := as(t, "hgrm:"+p.String(), r)
			points := plotted(text)
			if empty := subject(r, p).TotalCount() == 0; empty != (len(points) == 0) {
				t.Errorf("%s, %v: %d points of\n%s", name, p, len(points), text)
			}
			for i := range points[:max(0, len(points)-1)] {
				if points[i][0] >= points[i+1][0] || points[i][1] > points[i+1][1] {
					t.Errorf("%s, %v: %v before %v in\n%s", name, p, points[i], points[i+1], text)
				}
			}
		}
	}
}

func TestSpectrumPhase(t *testing.T) {
	for _, test := range []struct {
		format string
		r      *stats.Result
		want   string
	}{
		{"hgrm", example.Plain(), "# phase open, values in ms\n Value\tPercentile\tTotalCount\t1/(1-Percentile)\n\n       1.000     0.000000            1         1.00\n"},
		{"hgrm", example.OpenLoop(), "# phase ready, values in ms\n"},
		{"hgrm:open", example.OpenLoop(), "# phase open, values in ms\n"},
		{"hgrm:late", example.OpenLoop(), "# phase late, values in ms\n"},
		{"hgrm", example.Failed(), "# phase open: no value\n"},
		{"hgrm:late", example.Plain(), "# phase late: no value\n"},
	} {
		if got := as(t, test.format, test.r); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: no %q in\n%s", test.format, test.want, got)
		}
	}
}
