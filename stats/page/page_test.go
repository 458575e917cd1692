package page

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/internal/example"
)

// compared returns the page of so many testees, each with an interval's results, under so many loads.
func compared(testees, loads, rounds int) *Page {
	s := &comparison.Study{Rounds: rounds, Level: 0.95, Seed: 7}
	p := &Page{Study: s, Command: "wsperf compare plan.yaml"}
	for load := range loads {
		s.Loads = append(s.Loads, comparison.Load{Name: fmt.Sprintf("load%d", load), Text: "3s at 250/500 in flight", Measure: "rate"})
		for i := range testees {
			p.Subjects = append(p.Subjects, Subject{Load: load, Testee: i, Result: example.Intervals(), Runs: rounds})
			for round := range rounds {
				s.Runs = append(s.Runs, comparison.Run{Round: round, Load: load, Testee: i, Values: values(1000*float64(i+1) + float64(round))})
			}
		}
	}
	for i := range testees {
		s.Testees = append(s.Testees, fmt.Sprintf("testee%d", i))
	}
	return p
}

func values(v float64) map[string]*float64 {
	all := map[string]*float64{}
	for _, m := range drawnMeasures {
		all[m.name] = &v
	}
	return all
}

func pages() map[string]*Page {
	all := map[string]*Page{"compared": compared(3, 1, 6), "loads": compared(2, 3, 6), "one round": compared(2, 1, 1)}
	for name, r := range map[string]*stats.Result{
		"full": example.Full(), "intervals": example.Intervals(), "open": example.OpenLoop(), "overloaded": example.Overloaded(),
		"failed": example.Failed(), "plain": example.Plain(), "hostile": example.Hostile(), "secure": example.Secure(), "empty": example.Complete(),
	} {
		all[name] = Single(r)
	}
	nothing := compared(2, 1, 6)
	nothing.Study.Runs, nothing.Subjects = nil, nil
	all["nothing measured"] = nothing
	return all
}

func written(t *testing.T, p *Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	policyOf  = regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`)
	scriptOf  = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	styleOf   = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	drawingOf = regexp.MustCompile(`(?s)<svg.*?</svg>`)
	dataOf    = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)
)

// TestSections: each page has what there is to say, in the order of the table.
func TestSections(t *testing.T) {
	for name, want := range map[string]string{
		"compared":         "conclusion results rounds percentiles distribution time phases causes means provenance reading command",
		"intervals":        "conclusion results percentiles distribution time phases causes means provenance reading",
		"full":             "conclusion results percentiles distribution phases causes bottleneck kernel means provenance reading command",
		"nothing measured": "conclusion results reading command",
	} {
		var got []string
		for _, s := range pages()[name].sections() {
			got = append(got, s.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: sections\n%s, want\n%s", name, strings.Join(got, " "), want)
		}
	}
}

// TestEachLoadIsNamed where there are several.
func TestEachLoadIsNamed(t *testing.T) {
	if n := strings.Count(written(t, pages()["loads"]), "<h3>Load load2</h3>"); n < 5 {
		t.Errorf("a load is named in %d sections", n)
	}
	if strings.Contains(written(t, pages()["compared"]), "<h3>Load ") {
		t.Error("the only load is named in each section")
	}
}

// TestSize: a page of ten testees can be sent by mail.
func TestSize(t *testing.T) {
	p := compared(10, 1, 12)
	for i := range p.Subjects {
		p.Subjects[i].Result.Intervals = many(p.Subjects[i].Result.Intervals, 60)
	}
	if n := len(written(t, p)); n > 400_000 {
		t.Errorf("a page of 10 testees has %d bytes", n)
	} else {
		t.Logf("%d bytes", n)
	}
}

// many repeats intervals.
func many(some []stats.Interval, n int) (all []stats.Interval) {
	for i := range n {
		next := some[i%len(some)]
		next.Offset = next.Length * 0
		if i > 0 {
			next.Offset = all[i-1].End()
		}
		all = append(all, next)
	}
	return all
}

func TestTheSameTwice(t *testing.T) {
	p := compared(3, 2, 6)
	first, second := written(t, p), written(t, p)
	if first != second {
		t.Error("the same page is written in two ways")
	}
}

var errFull = errors.New("no space left on device")

type fullWriter struct{ left int }

func (w *fullWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		return w.left, errFull
	}
	w.left -= len(b)
	return len(b), nil
}

func TestErrorOfTheWriter(t *testing.T) {
	if err := compared(2, 1, 6).Write(&fullWriter{50_000}); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
}

// TestConclusionOfOneResult names the rate, the latency, the failures and the bottleneck.
func TestConclusionOfOneResult(t *testing.T) {
	got := summary(example.Full())
	for _, want := range []string{" handshakes/s, ready after ", " ms at q99, ", " connections failed.", " Bottleneck: "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if got := summary(example.Complete()); got != "0 handshakes/s, 0 of 0 connections failed." {
		t.Errorf("without a connection: %q", got)
	}
}
