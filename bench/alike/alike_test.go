package alike

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"wsperf/bench/program"
	"wsperf/engine/host"
	"wsperf/stats/comparison"
)

var (
	comparisons = flag.Int("comparisons", 0, "make each comparison so many times and count; 0: an ordinary test")
	table       = flag.String("table", "", "add the counts to this file")
)

var programs program.Builder

func TestMain(m *testing.M) { programs.Main(m) }

const (
	rounds = 10
	spinUs = 50 // of a testee for each handshake, so that it is the bottleneck

	// An ordinary test fails by chance if it looks at one comparison. A claim with this confidence comes
	// once in 1000 times; it needs rounds of its own.
	sureRounds     = 14
	sureConfidence = "99.9%"

	tries = 3 // of an ordinary test, until a tenth is found
)

// TestAlike: a testee under two names is no difference.
func TestAlike(t *testing.T) {
	same := []testee{{"one", spinUs}, {"two", spinUs}}
	if *comparisons == 0 {
		if p := compare(t, same, "--rounds", strconv.Itoa(sureRounds), "--confidence", sureConfidence); p.Differ {
			t.Errorf("with %s of confidence, a testee differs from itself: %s", sureConfidence, text(p))
		}
		return
	}
	alike := 0
	for range *comparisons {
		p := compare(t, same, "--rounds", strconv.Itoa(rounds))
		t.Log(text(p))
		if !p.Differ {
			alike++
		}
	}
	count(t, "a testee under two names: no difference in %d of %d comparisons of %d rounds", alike, *comparisons, rounds)
	if alike*20 < *comparisons*17 { // 95 % are expected: 16 or fewer of 20 come once in 60 times
		t.Errorf("no difference in %d of %d", alike, *comparisons)
	}
}

// TestTenth: a testee that takes a tenth longer for each handshake is found, and slower.
func TestTenth(t *testing.T) {
	extra := tenth(t)
	slower := []testee{{"one", spinUs}, {"two", spinUs + extra}}
	found, covered := 0, 0
	for range max(tries, *comparisons) {
		d := against(t, slower, "--rounds", strconv.Itoa(rounds))
		p, truth := pairOf(t, d), known(t, d, extra)
		t.Logf("%s, known %.3f", text(p), truth)
		if p.Differ && *p.Ratio > 1 {
			t.Errorf("the slower testee was found to be the faster one: %s", text(p))
		}
		if p.Differ && *p.Ratio < 1 {
			found++
		}
		if p.Low != nil && *p.Low <= truth && truth <= *p.High {
			covered++
		}
		if found > 0 && *comparisons == 0 {
			return
		}
	}
	if *comparisons == 0 {
		t.Errorf("%d us more per handshake, a tenth, were not found in %d comparisons", extra, tries)
		return
	}
	count(t, "a tenth slower (%d us): found in %d of %d comparisons of %d rounds, the interval has the truth in %d", extra, found, *comparisons, rounds, covered)
	if found*20 < *comparisons*19 {
		t.Errorf("found in %d of %d", found, *comparisons)
	}
}

// known returns the ratio of the rates of a comparison: the first testee needs the time of its rate for a
// handshake, the second one a known time more. The speed of the machine drifts, and with it that share.
func known(t *testing.T, d comparison.Document, extraUs int) float64 {
	t.Helper()
	for _, row := range d.Results[0].Testees {
		if row.Testee == "one" && row.Median != nil {
			us := 1e6 / *row.Median
			return us / (us + float64(extraUs))
		}
	}
	t.Fatal("the first testee was not measured")
	return 0
}

// tenth measures for how long the testee has to compute more, to take a tenth longer for each handshake.
func tenth(t *testing.T) (us int) {
	t.Helper()
	s := study(t, []testee{{"one", spinUs}, {"two", spinUs}}, "--rounds", "5")
	var perSecond float64
	for _, row := range s.Results[0].Testees {
		perSecond += *row.Median / float64(len(s.Results[0].Testees))
	}
	return int(1e5/perSecond + 0.5)
}

// testee is one of bench/floor that computes for some time before each response.
type testee struct {
	name string
	spin int // microseconds
}

// compare returns how the second testee compares with the first one.
func compare(t *testing.T, testees []testee, options ...string) comparison.PairResult {
	t.Helper()
	return pairOf(t, against(t, testees, options...))
}

// against compares with the first testee.
func against(t *testing.T, testees []testee, options ...string) comparison.Document {
	t.Helper()
	return study(t, testees, append(options, "--baseline", testees[0].name)...)
}

func pairOf(t *testing.T, d comparison.Document) comparison.PairResult {
	t.Helper()
	p := d.Results[0].Pairs[0]
	if p.Ratio == nil {
		t.Fatalf("nothing was measured: %+v", p)
	}
	return p
}

// study carries a comparison out. Client and testees have a CPU each.
func study(t *testing.T, testees []testee, options ...string) comparison.Document {
	t.Helper()
	allowed, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if len(allowed) < 2 {
		t.Skip("needs 2 CPUs")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("needs gcc")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "testee")
	if out, err := exec.Command("gcc", "-O2", "-o", path, filepath.Join("..", "floor", "testee.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	args := []string{
		"compare", "--json", "--quiet", "--duration", "600ms", "--warmup", "100ms", "--cooling", "100ms", "--cpus", strconv.Itoa(allowed[0]), "--testee-cpus", strconv.Itoa(allowed[1]),
		"--out", filepath.Join(folder, fmt.Sprintf("results-%d", len(options))),
	}
	for i, s := range testees {
		port := 9310 + i
		args = append(args, fmt.Sprintf("%s=%s --spin %d %d 1 1 -1 127.31.9.1@ws://127.31.9.1:%d/", s.name, path, s.spin, port, port))
	}
	cmd := exec.Command(programs.Wsperf(t), append(args, options...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var d comparison.Document
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func text(p comparison.PairResult) string {
	if p.Low == nil {
		return fmt.Sprintf("ratio %.3f, p %.4f", *p.Ratio, p.P)
	}
	return fmt.Sprintf("ratio %.3f (%.3f to %.3f), p %.4f", *p.Ratio, *p.Low, *p.High, p.P)
}

// count adds a line to the table.
func count(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	if *table == "" {
		return
	}
	f, err := os.OpenFile(*table, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}
