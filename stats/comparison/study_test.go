package comparison

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

var update = flag.Bool("update", false, "write the golden files")

// example is a study of three testees under two loads. Of the first load, the third testee is
// slower, and one of its runs failed; under the second load, there is no difference.
func example() *Study {
	s := &Study{
		Testees: []string{"gws", "coder", "ws"}, Rounds: 8, Seed: 7, Level: 0.95,
		Loads: []Load{
			{Name: "closed", Text: "3s at 250/500 in flight", Measure: "rate"},
			{Name: "rate1000", Text: "5s at 1000/s even", Measure: "ready.q99"},
		},
	}
	factors := [][]float64{{1, 0.995, 0.8}, {1, 1.01, 1.005}}
	for round := range s.Rounds {
		for load := range s.Loads {
			for testee, f := range factors[load] {
				r := Run{Round: round, Load: load, Testee: testee, File: "file.json"}
				if load == 0 && testee == 2 && round == 3 {
					r.File, r.Problem, r.Output = "", "the command ended while it was measured: exited with code 1", []string{"Error: listen EADDRINUSE", "    at <anonymous>"}
				} else {
					r.values(f*drift[round]*(1+0.004*float64((round*7+testee*3+round*testee)%5-2)), load)
				}
				s.Runs = append(s.Runs, r)
			}
		}
	}
	s.Runs[2].Marks = []Mark{MarkFailed, MarkClient}
	s.Runs[7].Marks = []Mark{MarkSteal}
	return s
}

func (r *Run) values(speed float64, load int) {
	value := func(v float64) *float64 { return &v }
	r.Values = map[string]*float64{
		"rate": value(200 * speed), "ready.q50": value(1e6 / speed), "ready.q99": value(3e6 / speed),
		"testee.cpu": value(4000 / speed), "testee.memory": value(34e6), "fail": value(0),
	}
	if load == 1 {
		r.Values["rate"], r.Values["testee.memory"] = value(1000), nil
	}
}

// TestFormats compares every format with its golden file.
func TestFormats(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := WriteAs(f.name, &got, example()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "example."+f.name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("go test ./stats/comparison -update writes:\n%s", got.String())
			}
		})
	}
	if err := WriteAs("xml", &bytes.Buffer{}, example()); err == nil || err.Error() != "must be text, json, md, csv or bench" {
		t.Errorf("xml: %v", err)
	}
}

func written(t *testing.T, format string, s *Study) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteAs(format, &b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextFits(t *testing.T) {
	s := example()
	s.Testees[0] = strings.Repeat("n", 24)
	for line := range strings.Lines(written(t, FormatText, s)) {
		if len(line) > columns+1 { // with its end
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
		for _, c := range line {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Errorf("not printable ASCII: %q", line)
			}
		}
	}
}

// TestConclusions: what is said of a load, whatever is missing.
func TestConclusions(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Study)
		want   string
	}{
		{"two cannot be told apart", func(*Study) {}, "gws is first in rate, and cannot be told from coder; ws has 20.2 % less (-20.6 to -19.7 %)."},
		{"one is best", func(s *Study) { s.drop(1) }, "gws is best in rate: ws, the next one, has 20.2 % less (-20.6 to -19.7 %)."},
		{"none", func(s *Study) { s.drop(2) }, "No difference in rate between gws and coder: the smallest that these 8 rounds can tell is -0.8 % or +0.8 %."},
		{"too few", func(s *Study) { s.keep(4) }, "No difference in rate between gws, coder and ws: these 4 rounds cannot tell any, it takes 7."},
		{"a baseline", func(s *Study) { s.Baseline = "ws" }, "gws has 25.3 % more (+24.5 to +26.0 %) in rate than ws. coder has 24.7 % more (+23.9 to +25.4 %) in rate than ws."},
		{"a baseline that is alike", func(s *Study) { s.Baseline = "coder"; s.drop(2) }, "No difference in rate between coder and gws: the smallest that these 8 rounds can tell is -0.8 % or +0.8 %."},
		{"only one", func(s *Study) { s.drop(1); s.drop(2) }, "Nothing to compare: only gws has a value of rate."},
		{"nothing", func(s *Study) { s.Runs = nil }, "Nothing is known: no testee has a value of rate."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := example()
			c.change(s)
			if got := strings.Join(s.Views()[0].Conclusion, " "); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// drop takes all values of a testee away.
func (s *Study) drop(testee int) {
	for i := range s.Runs {
		if s.Runs[i].Testee == testee {
			s.Runs[i].Values = nil
		}
	}
}

// keep leaves the first rounds.
func (s *Study) keep(rounds int) {
	s.Rounds = rounds
	var runs []Run
	for _, r := range s.Runs {
		if r.Round < rounds {
			runs = append(runs, r)
		}
	}
	s.Runs = runs
}

// TestNotes: marks, problems and interruptions weigh on the conclusion in words.
func TestNotes(t *testing.T) {
	s := example()
	s.Interrupted = true
	notes := strings.Join(s.Views()[0].Notes, "\n")
	for _, want := range []string{
		"In 1 of 24 runs connections failed (ws 1): rates and times are of the others.",
		"In 1 of 24 runs wsperf itself was the bottleneck (ws 1): testees can differ by more than is shown.",
		"In 1 of 24 runs the hypervisor took CPU time (coder 1): the machine was disturbed.",
		"1 of 24 runs failed as a whole (ws 1):",
		"ws: the command ended while it was measured: exited with code 1",
		"| Error: listen EADDRINUSE",
		"The comparison was not finished: later rounds are missing.",
		"Order of turns: seed 7.",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is missing in\n%s", want, notes)
		}
	}
	if notes := strings.Join(s.Views()[1].Notes, "\n"); strings.Contains(notes, "EADDRINUSE") {
		t.Errorf("a problem of another load:\n%s", notes)
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	s := example()
	s.Runs[11*1].Output = nil
	for i := range s.Runs {
		if s.Runs[i].Problem != "" {
			s.Runs[i].Output = []string{"<img src=x onerror=alert(1)> [a](javascript:b) | `c`"}
		}
	}
	text := written(t, "md", s)
	if strings.Contains(text, "<img") && !strings.Contains(text, `\<img`) || !strings.Contains(text, "\\<img src=x onerror=alert(1)\\> \\[a\\](javascript:b) \\| \\`c\\`") {
		t.Errorf("not escaped:\n%s", text)
	}
}

func TestCSVIsTidy(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(written(t, "csv", example()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 23*6 + 24*5; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
}

// TestBenchmarkIsRead lets the reader that benchstat uses read the lines.
func TestBenchmarkIsRead(t *testing.T) {
	reader := benchfmt.NewReader(strings.NewReader(written(t, "bench", example())), "example")
	n := 0
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.Result:
			n++
			if v, ok := record.Value("rate/s"); !ok || v <= 0 {
				t.Errorf("rate %v", v)
			}
			if v, ok := record.Value("sec/op"); ok {
				t.Errorf("sec/op %v", v)
			}
		case *benchfmt.SyntaxError:
			t.Error(record)
		}
	}
	if n != 47 {
		t.Errorf("%d results", n)
	}
}

func TestDocumentHasNoNaN(t *testing.T) {
	s := example()
	s.drop(2)
	var d Document
	if err := json.Unmarshal([]byte(written(t, FormatJSON, s)), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Results) != 12 || d.Results[0].Testees[2].Median != nil || len(d.Results[0].Pairs) != 1 {
		t.Errorf("%+v", d.Results[0])
	}
}

// TestExtremeValues: every format can be written of whatever is a value.
func TestExtremeValues(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, leastValue / 2, 2 * mostValue} {
		if IsValue(v) {
			t.Errorf("%v is a value", v)
		}
	}
	s := example()
	extremes := []float64{0, leastValue, mostValue}
	for k := range s.Runs {
		for name := range s.Runs[k].Values {
			v := extremes[(k+k/3)%len(extremes)]
			if s.Runs[k].Values[name] = &v; !IsValue(v) {
				t.Errorf("%v is no value", v)
			}
		}
	}
	for _, f := range formats {
		if text := written(t, f.name, s); strings.Contains(text, "Inf") || strings.Contains(text, "NaN") {
			t.Errorf("%s: %s", f.name, text)
		}
	}
}

func TestRequirement(t *testing.T) {
	for _, c := range []struct {
		text string
		met  bool
	}{
		{"gws.rate >= coder.rate", true},
		{"coder.rate>=0.98*gws.rate", true},
		{"ws.rate >= 0.9*gws.rate", false},
		{"ws.rate >= 0.8*gws.rate", true}, // the interval has it
		{"ws.rate < 0.9 * gws.rate", true},
		{"gws.ready.q99 <= 1.05*ws.ready.q99", true},
		{"ws.ready.q99 <= 1.05*gws.ready.q99", false},
	} {
		q, err := ParseRequirement(c.text, example().Testees)
		if err != nil {
			t.Fatal(err)
		}
		s := example()
		s.Loads = s.Loads[:1]
		if unmet := q.Unmet(s); (len(unmet) == 0) != c.met {
			t.Errorf("%s: %q", c.text, unmet)
		}
		s.Runs = nil
		if len(q.Unmet(s)) != 1 {
			t.Errorf("%s is met by nothing", c.text)
		}
	}
	// Too few rounds exclude nothing.
	q, _ := ParseRequirement("ws.rate >= gws.rate", example().Testees)
	s := example()
	s.keep(3)
	if unmet := q.Unmet(s); len(unmet) != 0 {
		t.Errorf("3 rounds: %q", unmet)
	}
}

func TestRequirementRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "must be NAME.MEASURE OP FACTOR*NAME.MEASURE",
		"gws.rate >= 5":             "must be NAME.MEASURE OP FACTOR*NAME.MEASURE",
		"gws.rate == ws.rate":       "must be NAME.MEASURE OP FACTOR*NAME.MEASURE",
		"gws.rate >= 0*ws.rate":     "must be a number above 0",
		"gws.rate >= 1.2.3*ws.rate": "must be a number above 0",
		"new.rate >= ws.rate":       "testee new: must be one of gws, coder, ws",
		"gws.rate >= old.rate":      "testee old: must be one of gws, coder, ws",
		"gws.rate >= gws.rate":      "must be two of them",
		"gws.rate >= ws.cpu":        "must be the same measure",
		"gws.speed >= ws.speed":     "unknown measure",
	} {
		if _, err := ParseRequirement(text, example().Testees); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPrecise(t *testing.T) {
	s := example()
	if s.Precise(0.001) || !s.Precise(0.05) {
		t.Error("8 rounds that scatter by 0.4 % tell 5 %, and not 0.1 %")
	}
	s.keep(4)
	if s.Precise(0.5) {
		t.Error("4 rounds tell nothing")
	}
}

// TestMeasuresOfTLS decide and are required like those of other phases.
func TestMeasuresOfTLS(t *testing.T) {
	s := example()
	s.Loads = s.Loads[:1]
	s.Loads[0].Measure, s.Loads[0].Required = "secure.q50", []string{"secure_resumed.q99"}
	for i := range s.Runs {
		v := s.Runs[i].Values
		if v != nil {
			v["secure.q50"], v["secure_resumed.q99"] = v["ready.q50"], v["ready.q99"]
		}
	}
	if kept := s.Loads[0].Kept(); kept[0] != "secure.q50" || kept[len(kept)-1] != "secure_resumed.q99" {
		t.Errorf("measures %v", kept)
	}
	if unit := unitOf("secure.q50"); unit != "us" {
		t.Errorf("secure.q50 is in %q", unit)
	}
	var out bytes.Buffer
	if err := Text(&out, s); err != nil || !strings.Contains(out.String(), "secure.q50") {
		t.Errorf("%v\n%s", err, &out)
	}
	q, err := ParseRequirement("gws.secure_resumed.q99 <= 1.05*ws.secure_resumed.q99", s.Testees)
	if err != nil || len(q.Unmet(s)) != 0 {
		t.Errorf("%v: %q", err, q.Unmet(s))
	}
}
