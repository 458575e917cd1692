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
	rounds  = 10
	everyUs = 500                                    // a testee responds once in that time, longer than the rest of a handshake and most hiccups of a machine take
	tenthUs = everyUs / 10                           // that the slower one takes longer
	truth   = float64(everyUs) / (everyUs + tenthUs) // ratio of their rates

	// The machine's hiccups add time that is not the same for both, up to half a percent: what the ratio
	// really is is known so well.
	knownTo = 0.005

	// An ordinary test fails by chance if it looks at one comparison. A claim with this confidence comes
	// once in 1000 times; it needs rounds of its own.
	sureRounds     = 14
	sureConfidence = "99.9%"

	tries = 3 // of an ordinary test, until a tenth is found

	leastOf20 = 17 // intervals that hold the truth; 19 are expected: 16 or fewer come once in 60 times
)

// TestAlike: a testee under two names is no difference.
func TestAlike(t *testing.T) {
	b := prepare(t)
	same := []testee{{"one", everyUs}, {"two", everyUs}}
	if *comparisons == 0 {
		if p := b.second(same, "--rounds", strconv.Itoa(sureRounds), "--confidence", sureConfidence); p.Differ {
			t.Errorf("with %s of confidence, a testee differs from itself: %s", sureConfidence, text(p))
		}
		return
	}
	alike := 0
	for range *comparisons {
		p := b.second(same, "--rounds", strconv.Itoa(rounds))
		t.Log(text(p))
		if !p.Differ {
			alike++
		}
	}
	count(t, "a testee under two names: no difference in %d of %d comparisons of %d rounds", alike, *comparisons, rounds)
	if alike*20 < *comparisons*leastOf20 {
		t.Errorf("no difference in %d of %d", alike, *comparisons)
	}
}

// TestTenth: a testee that takes a tenth longer for each handshake is found, and slower.
func TestTenth(t *testing.T) {
	b := prepare(t)
	slower := []testee{{"one", everyUs}, {"two", everyUs + tenthUs}}
	found, covered, near := 0, 0, 0
	for range max(tries, *comparisons) {
		p := b.second(slower, "--rounds", strconv.Itoa(rounds))
		t.Logf("%s, known %.3f", text(p), truth)
		if p.Differ && *p.Ratio > 1 {
			t.Errorf("the slower testee was found to be the faster one: %s", text(p))
		}
		if p.Differ && *p.Ratio < 1 {
			found++
		}
		if covers(p, 0) {
			covered++
		}
		if covers(p, knownTo) {
			near++
		}
		if found > 0 && *comparisons == 0 {
			return
		}
	}
	if *comparisons == 0 {
		t.Errorf("%d us more per handshake, a tenth, were not found in %d comparisons", tenthUs, tries)
		return
	}
	count(t, "a tenth slower (%d us): found in %d of %d comparisons of %d rounds, the interval has the truth in %d, and in %d within %.1f %%",
		tenthUs, found, *comparisons, rounds, covered, near, 100*knownTo)
	if found*20 < *comparisons*19 {
		t.Errorf("found in %d of %d", found, *comparisons)
	}
	if near*20 < *comparisons*leastOf20 {
		t.Errorf("the interval has the truth within %.1f %% in %d of %d", 100*knownTo, near, *comparisons)
	}
}

// covers reports whether the interval has a ratio that is not further from the truth than that share of it.
func covers(p comparison.PairResult, share float64) bool {
	return p.Low != nil && *p.Low <= truth*(1+share) && truth*(1-share) <= *p.High
}

// testee is one of bench/floor that responds at most once in some time.
type testee struct {
	name  string
	every int // microseconds
}

// second returns how the second testee compares with the first one.
func (t bed) second(testees []testee, options ...string) comparison.PairResult {
	t.Helper()
	d := t.study(testees, append(options, "--baseline", testees[0].name)...)
	p := d.Results[0].Pairs[0]
	if p.Ratio == nil {
		t.Fatalf("nothing was measured: %+v", p)
	}
	return p
}

// bed is where a test compares: client and testees have a CPU each.
type bed struct {
	*testing.T
	client, testee int
	program        string // the testee
}

// prepare skips the test where it cannot run.
func prepare(t *testing.T) bed {
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
	b := bed{t, allowed[0], allowed[1], filepath.Join(t.TempDir(), "testee")}
	if out, err := exec.Command("gcc", "-O2", "-o", b.program, filepath.Join("..", "floor", "testee.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return b
}

// study carries a comparison out. The few connections in flight keep the testee busy, and many would end in clumps: it
// responds to all requests that have come before it looks at close frames.
func (t bed) study(testees []testee, options ...string) comparison.Document {
	t.Helper()
	args := []string{
		"compare", "--json", "--quiet", "--duration", "600ms", "--warmup", "100ms", "--cooling", "100ms", "--low", "2", "--high", "3",
		"--cpus", strconv.Itoa(t.client), "--testee-cpus", strconv.Itoa(t.testee), "--out", filepath.Join(t.TempDir(), "results"),
	}
	for i, s := range testees {
		port := 9310 + i
		args = append(args, fmt.Sprintf("%s=%s --every %d %d 1 1 -1 127.31.9.1@ws://127.31.9.1:%d/", s.name, t.program, s.every, port, port))
	}
	cmd := exec.Command(programs.Wsperf(t.T), append(args, options...)...)
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
