package page

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/comparison"
)

// TestDrawingsAreXML, as the parser of a browser for SVG wants it, and have a class for each style.
func TestDrawingsAreXML(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		for _, drawing := range drawingOf.FindAllString(text, -1) {
			d := xml.NewDecoder(strings.NewReader(drawing))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		for _, class := range regexp.MustCompile(`class="(g\d+)"`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, "\n."+class[1]+"{") {
				t.Errorf("%s: class %s has no rule", name, class[1])
			}
		}
	}
}

// TestPlotsAreDrawnTwice: each plot of the data has its place and its drawing.
func TestPlotsAreDrawnTwice(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		var d data
		if err := json.Unmarshal([]byte(dataOf.FindStringSubmatch(text)[1]), &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if drawings := len(drawingOf.FindAllString(text, -1)); drawings != len(d.Plots) {
			t.Errorf("%s: %d drawings of %d plots", name, drawings, len(d.Plots))
		}
		for _, plot := range d.Plots {
			if strings.Count(text, `<figure id="`+plot.ID+`"`) != 1 {
				t.Errorf("%s: plot %s has no place", name, plot.ID)
			}
			for _, s := range plot.Series {
				if len(s.X) != len(s.Y) || len(s.X) == 0 || s.Key > len(d.Keys) {
					t.Errorf("%s: %s: series %+v", name, plot.Title, s)
				}
				if !slices.IsSorted(s.X) {
					t.Errorf("%s: %s: the values of %s are not in the order of x, as uPlot wants them", name, plot.Title, s.Name)
				}
			}
		}
	}
}

// TestColoursDiffer: no two colours of a palette, light or dark, are taken for each other.
func TestColoursDiffer(t *testing.T) {
	const least = 95 // sum of the differences in red, green and blue
	palettes := regexp.MustCompile(`--c0:.*`).FindAllString(ownStyles, -1)
	if len(palettes) < 3 {
		t.Fatalf("%d palettes", len(palettes))
	}
	for _, palette := range palettes {
		all := regexp.MustCompile(`--c(\d): #(..)(..)(..)`).FindAllStringSubmatch(palette, -1)
		if len(all) != colours {
			t.Fatalf("%d colours: %s", len(all), palette)
		}
		for i, a := range all {
			for _, b := range all[:i] {
				if d := distance(t, a[2:], b[2:]); d < least {
					t.Errorf("colours %s and %s differ by %d: %s", b[1], a[1], d, palette)
				}
			}
		}
	}
}

// distance sums the differences between hexadecimal numbers.
func distance(t *testing.T, a, b []string) (sum int64) {
	t.Helper()
	for i := range a {
		x, err := strconv.ParseInt(a[i], 16, 64)
		y, wrong := strconv.ParseInt(b[i], 16, 64)
		if err != nil || wrong != nil {
			t.Fatal(err, wrong)
		}
		sum += max(x-y, y-x)
	}
	return sum
}

func TestAmount(t *testing.T) {
	for v, want := range map[float64]string{1: "1", 12345.678: "12346", 0.00012345678: "0.00012346", math.NaN(): "null", math.Inf(1): "null", 1e9: "1e+09"} {
		if got, err := json.Marshal(amount(v)); err != nil || string(got) != want {
			t.Errorf("%v: %s %v, want %s", v, got, err, want)
		}
	}
}

// TestCurves: a spectrum is the histogram's, and ends where its values do; a distribution rises to all.
func TestCurves(t *testing.T) {
	h := stats.NewHistogram()
	for us := range int64(1000) {
		if err := h.RecordValue(us); err != nil {
			t.Fatal(err)
		}
	}
	x, y := spectrum(h)
	if last := float64(x[len(x)-1]); last > 3 || last < 2.9 {
		t.Errorf("1000 values: the axis ends at %v nines", last)
	}
	for i := range x {
		if want := 1 - math.Pow(10, -float64(x[i])); math.Abs(float64(y[i])-math.Max(want, 0.001)) > 0.003 {
			t.Errorf("at %.4f of 0 to 1 ms: %v", want, y[i])
		}
	}
	x, y = distribution(h)
	if !slices.IsSorted(x) || !slices.IsSorted(y) || y[len(y)-1] != 100 || len(x) != len(slices.Compact(slices.Clone(x))) {
		t.Errorf("distribution %v %v", x, y)
	}
}

// TestDistributionOfEqualTimes is one point, at which all have ended.
func TestDistributionOfEqualTimes(t *testing.T) {
	h := stats.NewHistogram()
	for range 10 {
		if err := h.RecordValue(5); err != nil {
			t.Fatal(err)
		}
	}
	if x, y := distribution(h); len(x) != 1 || x[0] != 0.005 || y[0] != 100 {
		t.Errorf("%v %v, want 0.005 ms and 100 %%", x, y)
	}
}

// TestGatheredIntervals are all of them, in not too many groups.
func TestGatheredIntervals(t *testing.T) {
	for _, n := range []int{0, 1, mostPoints, mostPoints + 1, 10*mostPoints - 1} {
		groups := gathered(make([]stats.Interval, n))
		all := 0
		for _, g := range groups {
			all += len(g)
		}
		if all != n || len(groups) > mostPoints {
			t.Errorf("%d intervals: %d in %d groups", n, all, len(groups))
		}
	}
}

// FuzzRounds: a page is drawn of all values that an index can hold.
func FuzzRounds(f *testing.F) {
	f.Add(1.0, 2.0, 3.0)
	f.Add(0.0, 0.0, 0.0)
	f.Add(0.0, 1e24, 1e-18)
	f.Add(1e24, 1e24, 1e24)
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		p := compared(3, 1, 1)
		for i, v := range []float64{a, b, c} {
			if !comparison.IsValue(v) {
				t.Skip("no value of an index")
			}
			p.Study.Runs[i].Values = values(v)
		}
		if text := written(t, p); !strings.HasSuffix(text, "</html>\n") {
			t.Errorf("the page ends with %q", text[max(0, len(text)-100):])
		}
	})
}
