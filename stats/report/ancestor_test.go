package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/file"
)

const ancestorDir = "../file/testdata/ancestor"

// printed are the blocks that the ancestor's script printed, and over which files.
var printed = []struct {
	report string
	files  []string
}{
	{"wspp-4x500/report.txt", fourOf("wspp-4x500")},
	{"wspp-4x500/report_0.txt", fourOf("wspp-4x500")[:1]},
	{"autobahn-4x500/report.txt", fourOf("autobahn-4x500")},
	{"autobahn-4x500/report_0.txt", fourOf("autobahn-4x500")[:1]},
	{"edge/noclose.report.txt", []string{"edge/noclose.json"}},
	{"edge/refused.report.txt", []string{"edge/refused.json"}},
}

func fourOf(dir string) []string {
	return []string{dir + "/result_0.json", dir + "/result_1.json", dir + "/result_2.json", dir + "/result_3.json"}
}

func ancestorPaths(files []string) []string {
	var paths []string
	for _, name := range files {
		paths = append(paths, filepath.Join(ancestorDir, name))
	}
	return paths
}

// TestAncestorBlockIsWhatItsScriptPrinted: to the digit, but for the duration,
// which that version of the script printed in milliseconds.
func TestAncestorBlockIsWhatItsScriptPrinted(t *testing.T) {
	for _, p := range printed {
		t.Run(p.report, func(t *testing.T) {
			var out bytes.Buffer
			census, errs := file.LoadCensus(ancestorPaths(p.files), nil)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if err := Ancestor(&out, census); err != nil {
				t.Fatal(err)
			}
			whole, err := os.ReadFile(filepath.Join(ancestorDir, p.report))
			if err != nil {
				t.Fatal(err)
			}
			block, garbage := strings.CutSuffix(out.String(), "\nOf these times, 20 are below 0. The ancestor computed them for failed connections, from times that it never took. Its script counted them in.\n")
			if garbage != (p.report == "edge/refused.report.txt") {
				t.Errorf("under the block: %q", out.String())
			}
			_, want, _ := strings.Cut(string(whole), "..\n\n")
			want, _, found := strings.Cut(want, "\n\nAnalyze done.")
			if !found || withoutDuration(block) != withoutDuration(want) {
				t.Errorf("block\n%s\nwant\n%s", &out, want)
			}
		})
	}
}

// withoutDuration drops the first line with a value, which must be the duration.
func withoutDuration(block string) string {
	before, rest, _ := strings.Cut(block, "          Duration:")
	_, after, _ := strings.Cut(rest, "\n")
	return before + after
}

// TestAncestorArithmetic follows the script's by hand.
func TestAncestorArithmetic(t *testing.T) {
	const wide = 86_400_000_000 // a clock of a machine that is up for a day
	for name, test := range map[string]struct {
		us   []int64
		want []string
	}{
		"one":  {[]int64{950}, []string{"SD:         -\n", "Avg:       0.9 ms", "q99.99:       0.9 ms"}},
		"two":  {[]int64{3000, 1000}, []string{"Min:       1.0 ms", "SD:       1.4 ms", "Median:       3.0 ms", "q90   :       3.0 ms"}},
		"wide": {[]int64{7, wide, -wide, -3}, []string{"Min:-86400000.0 ms", "Median:       0.0 ms", "Max:86400000.0 ms"}},
		"none": {nil, []string{"Min:         -\n", "Max:         -\n"}},
		"hundred": {seriesUs(100), []string{"Median:      51.0 ms", "q90   :      91.0 ms", "q95   :      96.0 ms",
			"q99   :     100.0 ms", "q99.99:     100.0 ms"}},
		"hundred and one": {seriesUs(101), []string{"Median:      51.0 ms", "q90   :      91.0 ms", "q95   :      96.0 ms",
			"q99   :     100.0 ms", "q99.9 :     101.0 ms"}},
	} {
		c := &stats.Census{}
		for _, us := range test.us {
			c.Open.Add(us)
		}
		var out bytes.Buffer
		if err := Ancestor(&out, c); err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, &out)
			}
		}
	}
}

// seriesUs returns 1 ms to n ms, the longest first.
func seriesUs(n int) []int64 {
	var all []int64
	for i := range n {
		all = append(all, int64(n-i)*1000)
	}
	return all
}
