package report

import (
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// The lines of the text format, as prometheus.io/docs/instrumenting/exposition_formats has
// them; ours have no timestamp.
var (
	helpLine   = regexp.MustCompile(`^# HELP ([a-z_]+) [^\\]+$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-z_]+) (counter|gauge|summary)$`)
	sampleLine = regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\[\\"n])*"(?:,[a-z]+="(?:[^"\\]|\\[\\"n])*")*\})? (\S+)$`)
)

// exposition is a text that is read line by line.
type exposition struct {
	helped, family, kind string
	seen                 map[string]bool
}

// read returns what is wrong with a line, "" for nothing.
func (e *exposition) read(line string) string {
	if m := helpLine.FindStringSubmatch(line); m != nil {
		e.helped = m[1]
		return e.once("family " + m[1])
	}
	if m := typeLine.FindStringSubmatch(line); m != nil {
		e.family, e.kind = m[1], m[2]
		switch {
		case e.helped != e.family:
			return "TYPE without HELP"
		case (e.kind == "counter") != strings.HasSuffix(e.family, "_total"):
			return "a counter, and no other, ends in _total"
		}
		return ""
	}
	m := sampleLine.FindStringSubmatch(line)
	if m == nil {
		return "not a line of the format"
	}
	if suffix := strings.TrimPrefix(m[1], e.family); suffix != "" && (e.kind != "summary" || suffix != "_sum" && suffix != "_count") {
		return "not of its family"
	}
	if v, err := strconv.ParseFloat(m[3], 64); err != nil || v < 0 {
		return "not a number of 0 or more"
	}
	return e.once(m[1] + m[2])
}

func (e *exposition) once(what string) string {
	if e.seen[what] {
		return "twice"
	}
	e.seen[what] = true
	return ""
}

func checkExposition(t *testing.T, name, text string) {
	t.Helper()
	e := exposition{seen: map[string]bool{}}
	for line := range strings.Lines(text) {
		if wrong := e.read(strings.TrimSuffix(line, "\n")); wrong != "" || !strings.HasSuffix(line, "\n") {
			t.Errorf("%s: line %q: %s", name, line, wrong)
		}
	}
	if len(e.seen) == 0 {
		t.Errorf("%s has no metric", name)
	}
}

func TestMetricsFollowTheGrammar(t *testing.T) {
	for name, r := range results() {
		checkExposition(t, name, as(t, "prom", r))
	}
}

// TestGrammarFindsMistakes, or the test above says nothing.
func TestGrammarFindsMistakes(t *testing.T) {
	const head = "# HELP a_total x\n# TYPE a_total counter\n"
	for text, want := range map[string]string{
		head + "a_total 1\n":                 "",
		head + "a_total{b=\"\\\\\\\"\"} 1\n": "",
		head + "a_total{b=\"\\x1b\"} 1\n":    "not a line of the format",
		head + "a_total{b=\"\"\"} 1\n":       "not a line of the format",
		head + "a_total{b=1} 1\n":            "not a line of the format",
		head + "a_total 1\na_total 1\n":      "twice",
		head + "a_total NaN2\n":              "not a number of 0 or more",
		head + "b_total 1\n":                 "not of its family",
		head + "a_total_sum 1\n":             "not of its family",
		"# TYPE a counter\na 1\n":            "TYPE without HELP",
		"# HELP a x\n# TYPE a counter\n":     "a counter, and no other, ends in _total",
	} {
		e := exposition{seen: map[string]bool{}}
		got := ""
		for line := range strings.Lines(text) {
			got += e.read(strings.TrimSuffix(line, "\n"))
		}
		if !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}

// TestPromtoolAcceptsTheMetrics runs the linter of Prometheus.
func TestPromtoolAcceptsTheMetrics(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (apt-get install prometheus)")
	}
	for name, r := range results() {
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(as(t, "prom", r))
		if said, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(said)) > 0 {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}

func TestLabelsAreEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"ws://h/a?b=c":   "ws://h/a?b=c",
		`say "x"`:        `say \"x\"`,
		`\`:              `\\\\`,
		`\"`:             `\\\\\"`,
		"\x1b[2J\r\n":    `\\x1b[2J\\r\\n`,
		"\u00e4\xff\x00": `\\u00e4\\xff\\x00`,
	} {
		if got := labelValue(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestMetricsHave(t *testing.T) {
	full := as(t, "prom", example.Full())
	for _, line := range []string{
		`wsperf_run_interrupted 1`,
		`wsperf_connections_total{outcome="success"} 193`,
		`wsperf_failures_total{cause="open_status"} 4`,
		`wsperf_failures_total{cause="open_eof"} 0`,
		`wsperf_closed_total{by="reset"} 2`,
		`wsperf_phase_duration_seconds{phase="open",outcome="success",quantile="0"} 0.001`,
		`wsperf_phase_duration_seconds_count{phase="connect",outcome="failure"} 6`,
		`wsperf_client_cpu_seconds_total{mode="system"} 0.007777`,
		`wsperf_client_peak_memory_bytes 25300000`,
	} {
		if !strings.Contains(full, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, full)
		}
	}
	if strings.Contains(full, "_due_") {
		t.Errorf("starts of a closed loop are due:\n%s", full)
	}
}

// TestMetricsOfTheAncestorsFiles: what they do not tell is not written as 0.
func TestMetricsOfTheAncestorsFiles(t *testing.T) {
	r := &stats.Result{Counts: stats.Counts{Total: 3, Success: 2, Fail: 1, Unmeasured: stats.UnmeasuredResult{Success: 2, Fail: 1}}}
	for p := range r.Phases {
		r.Phases[p].Success, r.Phases[p].Failure = stats.NewHistogram(), stats.NewHistogram()
	}
	got := as(t, "prom", r)
	checkExposition(t, "unmeasured", strings.ReplaceAll(got, "seconds -", "seconds ")) // it has no start
	for _, absent := range []string{"failures", "closed", "client", "phase", "per_second"} {
		if strings.Contains(got, "wsperf_"+absent) {
			t.Errorf("wsperf_%s in\n%s", absent, got)
		}
	}
}
