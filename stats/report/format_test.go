package report

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// as returns a result in a format.
func as(t testing.TB, name string, r *stats.Result) string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteAs(name, &out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// results are examples that differ in what a format leaves out.
func results() map[string]*stats.Result {
	return map[string]*stats.Result{
		"plain": example.Plain(), "full": example.Full(), "failed": example.Failed(), "nothing": nothing(),
		"open": example.OpenLoop(), "overloaded": example.Overloaded(), "evil": evil(), "intervals": example.Intervals(),
		"secure": example.Secure(), "parts": example.Parts(3), "incomplete": incompleteRun(),
	}
}

// nothing is a run without a connection and without a length.
func nothing() *stats.Result {
	r := example.Complete(stats.NewRecorder(nil))
	r.Ended, r.Loaded = r.Started, stats.LoadedResult{}
	return r
}

// evil has every byte in each text of the setup.
func evil() *stats.Result {
	r := example.Full()
	text := string(example.EveryByte())
	r.Setup.URL, r.Setup.Address, r.Setup.Version, r.Setup.Kernel, r.Setup.GoVersion = text, text, text, text, text
	return r
}

// textFormats are the formats but json, of whose output other tests take care.
func textFormats() (names []string) {
	for _, f := range formats() {
		if f.name != FormatJSON {
			names = append(names, f.name)
		}
	}
	return names
}

// payload is a compressed histogram. Go does not promise the same bytes in its next version.
var payload = regexp.MustCompile(`HISTF[A-Za-z0-9+/=]+`)

func TestFormatsGolden(t *testing.T) {
	for _, f := range []string{"csv", "hgrm", "hgrm:late", "hgrm:secure_resumed", "hlog", "bench", "prom"} {
		for _, name := range []string{"full", "open", "secure"} {
			if strings.HasPrefix(f, "hgrm:") && strings.Contains(f, "secure") != (name == "secure") {
				continue
			}
			t.Run(f+" "+name, func(t *testing.T) {
				checkGolden(t, name+"."+strings.ReplaceAll(f, ":", "."), payload.ReplaceAllString(as(t, f, results()[name]), "HISTF..."))
			})
		}
	}
}

var notFinite = regexp.MustCompile(`(?i)\bnan\b|[+-]inf`)

// TestFormatsHaveNoControlCharacters nor numbers that are none: the plotter skips the "inf" of
// hgrm, which has no sign.
func TestFormatsHaveNoControlCharacters(t *testing.T) {
	for name, r := range results() {
		for _, f := range textFormats() {
			checkPrintable(t, name+" as "+f, as(t, f, r))
		}
	}
}

func checkPrintable(t *testing.T, what, text string) {
	t.Helper()
	for _, c := range []byte(text) {
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') {
			t.Errorf("%s: byte %#x in\n%s", what, c, text)
			return
		}
	}
	if notFinite.MatchString(text) {
		t.Errorf("%s: not a number in\n%s", what, text)
	}
}

// TestWritingChangesNoResult: a report can follow, or another format.
func TestWritingChangesNoResult(t *testing.T) {
	r := example.Full()
	before := as(t, FormatJSON, r)
	for _, f := range formats() {
		first := as(t, f.name, r)
		if second := as(t, f.name, r); first != second {
			t.Errorf("%s: first\n%s\nthen\n%s", f.name, first, second)
		}
	}
	for p := range r.Phases {
		if h := r.Phases[p].Success; h.Tag() != "" || h.StartTimeMs() != stats.NewHistogram().StartTimeMs() {
			t.Errorf("phase %v has tag %q and start %d", stats.Phase(p), h.Tag(), h.StartTimeMs())
		}
	}
	if after := as(t, FormatJSON, r); before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// TestAbsentPhasesAreLeftOut of every format, and phase late is there when it was measured.
func TestAbsentPhasesAreLeftOut(t *testing.T) {
	for _, f := range []string{"csv", "hlog", "bench", "prom"} {
		if got := as(t, f, example.Plain()); strings.Contains(got, "late") || !strings.Contains(got, "ready") {
			t.Errorf("closed loop as %s:\n%s", f, got)
		}
		if got := as(t, f, example.OpenLoop()); !strings.Contains(got, "late") {
			t.Errorf("open loop as %s:\n%s", f, got)
		}
	}
}

func TestUnknownFormats(t *testing.T) {
	const all = "must be text, json, csv, hgrm, hlog, bench, prom or hgrm:PHASE"
	const phases = "must be hgrm:PHASE with a PHASE of connect, secure, secure_resumed, open, close, fin, total, ready, late, lag"
	for name, want := range map[string]string{
		"": all, "xml": all, "CSV": all, "csv:open": all,
		"hgrm:": phases, "hgrm:message": phases, "hgrm:late:": phases,
	} {
		if err := CheckFormat(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
		if err := WriteAs(name, &shortWriter{}, example.Plain()); err == nil || err.Error() != want {
			t.Errorf("written as %q: %v", name, err)
		}
	}
	for _, name := range []string{"text", "json", "csv", "hgrm", "hgrm:open", "hgrm:late", "hgrm:secure_resumed", "hlog", "bench", "prom"} {
		if err := CheckFormat(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFormatsReturnTheFirstWriteError(t *testing.T) {
	r := example.Full()
	for _, f := range formats() {
		whole := len(as(t, f.name, r))
		for _, n := range []int{0, whole / 2, whole - 1} {
			if err := WriteAs(f.name, &shortWriter{n}, r); !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes of %d: error %v", f.name, n, whole, err)
			}
		}
	}
}

// TestQuantilesOfFormats: the report's quantiles, and none for which there are too few values.
func TestQuantilesOfFormats(t *testing.T) {
	h := stats.NewHistogram()
	for n, want := range map[int64]string{
		1: "q50=0.5", 10: "q50=0.5 q90=0.9", 99: "q50=0.5 q90=0.9 q95=0.95",
		100_000: "q50=0.5 q90=0.9 q95=0.95 q99=0.99 q999=0.999 q9999=0.9999",
	} {
		h.Reset()
		if err := h.RecordValues(7, n); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range quantilesOf(h) {
			got = append(got, q.name+"="+q.quantile)
			if q.us != 7 {
				t.Errorf("%s of %d values: %d us", q.name, n, q.us)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%d values: %s, want %s", n, got, want)
		}
	}
}

func TestWholeRunIsOneInterval(t *testing.T) {
	r := example.Full()
	all := wholeRun(r)
	if !all.start.Equal(r.Started) || all.offset != 0 || all.length != r.Duration() {
		t.Errorf("%+v", all)
	}
	r.Ended = r.Started.Add(-time.Second)
	if all := wholeRun(r); all.length != 0 {
		t.Errorf("a window that ends before it starts is %v long", all.length)
	}
}
