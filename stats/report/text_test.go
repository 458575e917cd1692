package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/file"
	"wsperf/stats/internal/example"
)

var update = flag.Bool("update", false, "write the golden files anew")

func text(t testing.TB, r *stats.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := Text(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTextGolden(t *testing.T) {
	empty := example.Complete()
	empty.Ended = empty.Started
	fast := stats.NewRecorder(nil)
	fast.Start()
	fast.Success(&stats.Sample{Ns: [stats.NumPhases]int64{30_000, 9_000_000, 1, 2, 9_900_000, 9_030_000}, Reached: example.AllReached})
	fast.Fin(stats.FinReceived)
	for name, r := range map[string]*stats.Result{
		"plain":       example.Plain(),
		"full":        example.Full(),
		"secure":      example.Secure(),
		"failed":      example.Failed(),
		"catchall":    example.CatchAll(),
		"empty":       empty,
		"microsecond": example.Complete(fast),
		"open":        example.OpenLoop(),
		"overloaded":  example.Overloaded(),
		"intervals":   example.Intervals(),
		"part":        example.Part(1, 3, 200),
		"too_late":    example.TooLate(1, 3),
		"parts":       example.Parts(3),
		"incomplete":  incompleteRun(),
		"many_parts":  example.Parts(50),
	} {
		t.Run(name, func(t *testing.T) {
			checkGolden(t, name+".txt", text(t, r))
		})
	}
}

// incompleteRun lacks parts, has one that was too late, and others whose clocks are not synchronized.
func incompleteRun() *stats.Result {
	early := example.Part(1, 9, 120)
	early.Parts[0].Clock.Synchronized = false
	r, err := stats.MergeResults(early, example.Part(3, 9, 240_000), example.TooLate(4, 9))
	if err != nil {
		panic(err)
	}
	r.Parts[1].Host, r.Omitted = "n\x1b[31m", []stats.Omitted{stats.OmittedKernel, stats.OmittedLoops}
	return r
}

// checkGolden compares what is written of a result with its file in testdata.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
}

// knownBlock is the form of the aggregate block, to the character.
const knownBlock = `Aggregate results (WebSocket Opening+Closing Handshake)

          Duration:      13.5 s
             Total:    200000
           Success:    200000
              Fail:         0
            Fail %:      0.00
    Handshakes/sec:     14796

     Min:       7.6 ms
      SD:      11.2 ms
     Avg:      68.4 ms
  Median:      68.2 ms
  q90   :      82.8 ms
  q95   :      87.6 ms
  q99   :      96.5 ms
  q99.9 :     106.4 ms
  q99.99:     108.6 ms
     Max:     109.2 ms
`

// form replaces the value of a line, which ends in the same column as all
// values of the block, by its place.
func form(line string) string {
	label, value, found := strings.Cut(line, ":")
	if !found {
		return line
	}
	number, unit, _ := strings.Cut(strings.TrimLeft(value, " "), " ")
	return label + ":" + strings.Repeat("#", len(value)-len(unit)) + unit + "|" + strings.Repeat("#", min(len(number), 1))
}

func TestAggregateBlockHasTheKnownForm(t *testing.T) {
	want := strings.Split(knownBlock, "\n")
	rec := stats.NewRecorder(nil)
	for range 100 { // enough for every quantile
		example.RecordSuccesses(rec, 100)
	}
	got := strings.Split(text(t, example.Complete(rec)), "\n")
	for i, line := range want {
		if form(got[i]) != form(line) {
			t.Errorf("line %d is %q, want the form of %q", i, got[i], line)
		}
	}
}

// TestAggregateBlockValues makes the numbers of the known block.
func TestAggregateBlockValues(t *testing.T) {
	rec := stats.NewRecorder(nil)
	open := func(n int, ms float64) {
		for range n {
			rec.Start()
			rec.Success(&stats.Sample{Ns: [stats.NumPhases]int64{1, int64(ms * 1e6), 1, 1, 1}, Reached: example.AllReached})
			rec.Fin(stats.FinReceived)
		}
	}
	open(1, 7.6)
	open(99_999, 68.2)
	open(80_000, 82.8)
	open(10_000, 87.6)
	open(8_000, 96.5)
	open(1_800, 106.4)
	open(180, 108.6)
	open(20, 109.2)
	r := example.Complete(rec)
	for _, want := range strings.Split(knownBlock, "\n") {
		if strings.Contains(want, "SD:") || strings.Contains(want, "Avg:") {
			continue // these follow from the shape between the quantiles
		}
		if !strings.Contains(text(t, r), want+"\n") {
			t.Errorf("no line %q in:\n%s", want, text(t, r))
		}
	}
}

func TestTextPrintsNoStringOfTheSetup(t *testing.T) {
	r := example.Full()
	const evil = "\x1b]0;evil"
	r.Setup.URL, r.Setup.Address, r.Setup.Origin, r.Setup.Version = evil, evil, evil, evil
	r.Setup.GoVersion, r.Setup.Kernel, r.Setup.Headers, r.Setup.Sources = evil, evil, []string{evil}, []string{evil}
	if strings.Contains(text(t, r), "evil") {
		t.Error("a string of the setup is in the report")
	}
}

// TestQuantilesNeedSamples: at the least number the value is there, one below
// it is not, in the same columns.
func TestQuantilesNeedSamples(t *testing.T) {
	for _, test := range []struct {
		label string
		least int
	}{{"q90   ", 10}, {"q95   ", 20}, {"q99   ", 100}, {"q99.9 ", 1000}, {"q99.99", 10_000}} {
		for n, want := range map[int]string{
			test.least:     "  " + test.label + ":       1.0 ms\n",
			test.least - 1: "  " + test.label + ":         - (too few)\n",
		} {
			rec := stats.NewRecorder(nil)
			for range n {
				example.RecordSuccesses(rec, 1)
			}
			if got := text(t, example.Complete(rec)); !strings.Contains(got, want) {
				t.Errorf("%d successes: no %q in\n%s", n, want, got)
			}
		}
	}
}

func TestStatusListIsBounded(t *testing.T) {
	counts := map[int]uint64{0: 7}
	for code := 400; code < 410; code++ {
		counts[code] = uint64(code - 399)
	}
	want := "409: 10, 408: 9, 407: 8, other: 7, 406: 7, 405: 6, 404: 5, 403: 4, 3 more codes"
	if got := statusList(counts); got != want {
		t.Errorf("statusList = %q, want %q", got, want)
	}
}

func TestWideNumbersKeepTheirDigits(t *testing.T) {
	r := &stats.Result{Counts: stats.Counts{Total: 12_345_678_901, Success: 12_345_678_901}}
	r.Started = time.Unix(0, 0)
	r.Ended = r.Started.Add(time.Second)
	for p := range r.Phases {
		r.Phases[p].Success = stats.NewHistogram()
	}
	if got := text(t, r); !strings.Contains(got, "             Total:12345678901\n") {
		t.Errorf("report:\n%s", got)
	}
}

var errFull = errors.New("no space left")

// shortWriter fails once n bytes were written.
type shortWriter struct{ n int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if len(p) > w.n {
		written := w.n
		w.n = 0
		return written, errFull
	}
	w.n -= len(p)
	return len(p), nil
}

func TestFirstWriteErrorIsReturned(t *testing.T) {
	r := example.Plain()
	whole := len(text(t, r))
	const step = 17 // the text takes a millisecond each time, so not every byte
	for n := 0; n < whole; n += step {
		if err := Text(&shortWriter{n}, r); !errors.Is(err, errFull) {
			t.Fatalf("error %v after %d bytes", err, n)
		}
	}
}

func TestTextOfTheAncestorsFiles(t *testing.T) {
	for name, files := range map[string][]string{
		"ancestor": {"edge/noclose.json", "edge/refused.json"},
		"mixed":    {"edge/noclose.json", "edge/refused.json"},
	} {
		t.Run(name, func(t *testing.T) {
			r, errs := file.LoadAll(ancestorPaths(files), nil)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if name == "mixed" {
				var err error
				if r, err = stats.MergeResults(r, example.Plain()); err != nil {
					t.Fatal(err)
				}
			}
			checkGolden(t, name+".txt", text(t, r))
		})
	}
}

func TestLoadSaysWhyThereIsNoRate(t *testing.T) {
	const noRate = "no rate, because fewer than half of the successes are known to have ended by then\n"
	for _, test := range []struct {
		name    string
		length  time.Duration
		success uint64 // of 100, in the window
		want    string
	}{
		{"half", 2 * time.Second, 50, "  Loaded    2.0 s from the first start to the last: 25 handshakes/s\n  Drain     11.5 s from"},
		{"fewer than half", 2 * time.Second, 49, "  Loaded    2.0 s from the first start to the last: " + noRate + "  Drain     11.5 s from"},
		{"all started at once", 0, 0, "  Loaded    0.0 s from the first start to the last: " + noRate + "  Drain     13.5 s from"},
		{"not known", -1, 0, ""},
	} {
		r := example.Plain()
		r.Loaded = stats.LoadedResult{}
		if test.length >= 0 {
			base := r.Started.UnixNano()
			r.Loaded = stats.LoadedResult{FirstNs: base, LastNs: base + int64(test.length), Success: test.success}
		}
		got := text(t, r)
		if !strings.Contains(got, test.want) || strings.Contains(got, "Loaded") != (test.want != "") {
			t.Errorf("%s: no %q in\n%s", test.name, test.want, got)
		}
	}
	failed := example.Failed() // what a rate of 0 says is above, in Handshakes/sec
	if got := text(t, failed); strings.Contains(got, "Loaded") {
		t.Errorf("nothing succeeded:\n%s", got)
	}
}

func TestReportNamesTheAddress(t *testing.T) {
	for address, want := range map[string]string{
		"[::1]:9000": "\nLoad\n\n  Address   [::1]:9000\n", "[fe80::1%\x1b[2J]:9000": "  Address   [fe80::1%\\x1b[2J]:9000\n", "": "\nLoad\n\n  Loaded", "x": "\nLoad\n\n  Loaded",
	} {
		r := example.Plain()
		r.Setup.Address = address
		if got := text(t, r); !strings.Contains(got, want) {
			t.Errorf("address %q: no %q in\n%s", address, want, got)
		}
	}
}

func TestCoverage(t *testing.T) {
	for _, test := range []struct {
		files, lost, damaged int
		want                 string
	}{
		{8, 3, 2, "\nOver 5 of 8 result files, of which 2 damaged.\n"},
		{3, 1, 0, "\nOver 2 of 3 result files.\n"},
		{2, 0, 0, ""},
		{2, 2, 0, ""},
	} {
		var out bytes.Buffer
		if err := Coverage(&out, test.files, test.lost, test.damaged); err != nil || out.String() != test.want {
			t.Errorf("%+v: %q, error %v", test, &out, err)
		}
	}
}
