package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

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

// TestPolicyIsMet: a browser runs the script and applies the styles by their hashes, and nothing else.
func TestPolicyIsMet(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		policy := html.UnescapeString(policyOf.FindStringSubmatch(text)[1])
		for directive, block := range map[string]*regexp.Regexp{"script-src": scriptOf, "style-src": styleOf} {
			all := block.FindAllStringSubmatch(text, -1)
			sum := sha256.Sum256([]byte(all[0][1]))
			if len(all) != 1 || !strings.Contains(policy, directive+" 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
				t.Errorf("%s: %d blocks of %s, or another hash than in %s", name, len(all), directive, policy)
			}
		}
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", name, policy)
		}
	}
}

// elements returns the elements of a page with the names of their attributes.
func elements(t *testing.T, text string) (all []string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return all
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			description := token.Data
			for _, a := range token.Attr {
				description += " " + a.Key
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") || a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("attribute %s=%q of %s", a.Key, a.Val, token.Data)
				}
			}
			all = append(all, description)
		}
	}
}

// TestNothingIsLoaded: no element refers to anything outside, or has styles or handlers of its own,
// which the policy would stop.
func TestNothingIsLoaded(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		for _, e := range elements(t, text) {
			if element, _, _ := strings.Cut(e, " "); slices.Contains([]string{"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}, element) {
				t.Errorf("%s: element %s", name, e)
			}
		}
		if style := styleOf.FindString(text); strings.Contains(style, "url(") || strings.Contains(style, "@import") {
			t.Errorf("%s: the styles load something", name)
		}
	}
}

// evil is a text in all places that a file or a testee can fill.
func evil(p *Page, text string) *Page {
	for i := range p.Subjects {
		r := p.Subjects[i].Result
		r.Setup.URL, r.Setup.Address, r.Setup.Version, r.Setup.Kernel, r.Setup.GoVersion = text, text, text, text, text
		r.Provenance = stats.Provenance{Commit: text, Command: text, System: text, CPUModel: text, Sysctls: map[string]string{text: text}}
		r.Verdict = stats.Verdict{Kind: stats.Bottleneck(text), Reason: text, Evidence: []string{text}}
		for c := range r.Replies {
			for k := range r.Replies[c] {
				r.Replies[c][k] = stats.Reply{Bytes: []byte(text), Total: len(text)}
			}
		}
	}
	p.Command = text
	if s := p.Study; s != nil {
		for i := range s.Testees {
			s.Testees[i] = text + fmt.Sprint(i)
		}
		for i := range s.Loads {
			s.Loads[i].Name, s.Loads[i].Text = text, text
		}
		s.Warnings = []string{text}
		s.Runs = append(s.Runs, comparison.Run{Problem: text, Output: []string{text}})
	}
	return p
}

// TestMarkupIsText: with markup in every text, a page has the same elements as with harmless text.
func TestMarkupIsText(t *testing.T) {
	for name, page := range map[string]func() *Page{
		"compared": func() *Page { return compared(3, 2, 6) },
		"failed":   func() *Page { return Single(example.Failed()) },
	} {
		harmless := elements(t, written(t, evil(page(), "harmless")))
		for _, text := range []string{
			`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onclick='alert(1)`, `</title></style></script><b>`, `<!--`, `]]>`, `{{.Title}}`,
			"</svg><b>", "&lt;b&gt;", " style=\"color:red\"", "javascript:alert(1)",
		} {
			if got := elements(t, written(t, evil(page(), text))); !slices.Equal(got, harmless) {
				t.Errorf("%s with %q: %d elements instead of %d", name, text, len(got), len(harmless))
			}
		}
	}
}

// TestControlCharactersAreEscaped, and those that turn the direction of the text behind them.
func TestControlCharactersAreEscaped(t *testing.T) {
	p := evil(Single(example.Failed()), "\u202e\u2028\x00\x1b[31m")
	p.Command = "" // stats.Result.Check refuses such a one
	text := written(t, p)
	for _, c := range text {
		if c == '\u202e' || c == '\u2028' || c < ' ' && c != '\n' && c != '\t' {
			t.Fatalf("character %q is in the page", c)
		}
	}
}

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
