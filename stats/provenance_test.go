package stats

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// made returns a result of that kernel, CPU model and somaxconn.
func made(t *testing.T, kernel, model, somaxconn string) *Result {
	t.Helper()
	r := mustMerge(t)
	r.Setup = Setup{URL: "ws://a/", Connections: 5, Low: 1, High: 2, Kernel: kernel, CPUs: []int{len(kernel)}}
	r.Provenance = Provenance{Command: "wsperf run", CPUModel: model, CPUs: 2, Sysctls: map[string]string{"net.core.somaxconn": somaxconn, "same": "1"}}
	return r
}

func mergedInTurn(t *testing.T, rs ...*Result) *Result {
	t.Helper()
	merged := rs[0]
	for _, r := range rs[1:] {
		var err error
		if merged, err = MergeResults(merged, r); err != nil {
			t.Fatal(err)
		}
	}
	return merged
}

func TestMergedProvenanceKeepsWhatIsCommon(t *testing.T) {
	a, b, c := made(t, "6.1", "X", "128"), made(t, "6.18", "X", "4096"), made(t, "6.1", "Y", "128")
	want := Provenance{Command: "wsperf run", CPUs: 2, Sysctls: map[string]string{"same": "1"}}
	differing := []Difference{{"kernel", []string{"6.1", "6.18"}}, {"CPU model", []string{"X", "Y"}}, {"net.core.somaxconn", []string{"128", "4096"}}}
	at, err := MergeResults(a, b, c)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Result{"at once": at, "in turn": mergedInTurn(t, a, b, c)} {
		if !reflect.DeepEqual(r.Provenance, want) {
			t.Errorf("%s: %+v, want %+v", name, r.Provenance, want)
		}
		if !reflect.DeepEqual(r.Differences, differing) {
			t.Errorf("%s: differences %q, want %q", name, r.Differences, differing)
		}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(a.Provenance.Sysctls) != 2 {
		t.Error("MergeResults modified its argument")
	}
}

func TestLikeRunsDoNotDiffer(t *testing.T) {
	older, ancestor := made(t, "6.1", "X", "128"), mustMerge(t)
	older.Provenance = Provenance{}
	r := mergedInTurn(t, made(t, "6.1", "X", "128"), older, ancestor, made(t, "6.1", "X", "128"))
	if len(r.Differences) > 0 {
		t.Errorf("differences %q", r.Differences)
	}
}

// TestDifferencesOfAMergedFile: a result that was read from a file knows its differences only.
func TestDifferencesOfAMergedFile(t *testing.T) {
	file := made(t, "", "X", "128")
	file.Differences = []Difference{{"kernel", []string{"5", "6"}}}
	r := mergedInTurn(t, made(t, "7", "X", "128"), file)
	if want := []Difference{{"kernel", []string{"7", "5", "6"}}}; !reflect.DeepEqual(r.Differences, want) {
		t.Errorf("differences %q, want %q", r.Differences, want)
	}
}

func TestDifferencesAreBoundedAndPrintable(t *testing.T) {
	var all []*Result
	for i := range 20 {
		r := made(t, fmt.Sprintf("\x1b%d\u00e4%s", i, strings.Repeat("k", 500)), "X", "128")
		r.Provenance.Sysctls = map[string]string{}
		for n := range maxFacts {
			r.Provenance.Sysctls[fmt.Sprint("s", i, ".", n)] = "1"
		}
		all = append(all, r)
	}
	r := mergedInTurn(t, all...)
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if d := r.Differences; len(d) != 1 || len(d[0].Values) != MaxDifferentValues || !strings.HasPrefix(d[0].Values[0], `\x1b0\u00e4kk`) {
		t.Errorf("differences %q", d)
	}
	if n := len(r.traits.names); n > maxDifferences {
		t.Errorf("%d names kept", n)
	}
}

func TestLoadText(t *testing.T) {
	for _, c := range []struct {
		setup Setup
		want  string
	}{
		{Setup{}, ""},
		{Setup{Connections: 7, Low: 1, High: 2}, "7 connections at 1/2 in flight"},
		{Setup{DurationUs: 5e6, Low: 1, High: 2, WarmupUs: 1e6}, "5s at 1/2 in flight after 1s of warm-up"},
		{Setup{DurationUs: 1e6, Rate: 12000, Arrivals: ArrivalsEven, WarmupConnections: 9}, "1s at 12000/s even after 9 to warm up"},
		{Setup{DurationUs: 1e6, Stages: []Stage{{10, 20, 1e6}}, Arrivals: ArrivalsEven}, "1s in stages 10..20:1s even"},
	} {
		if got := c.setup.LoadText(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestCheckBoundsProvenance(t *testing.T) {
	long := strings.Repeat("x", MaxFactBytes+1)
	many := make(map[string]string)
	for i := range maxFacts + 1 {
		many[fmt.Sprint(i)] = ""
	}
	for _, c := range []struct {
		name   string
		change func(*Result)
	}{
		{"command", func(r *Result) { r.Provenance.Command = "\x1b" }},
		{"long command", func(r *Result) { r.Provenance.Command = strings.Repeat("x", MaxCommandBytes+1) }},
		{"text", func(r *Result) { r.Provenance.MitigationsOption = "\u00e4" }},
		{"long text", func(r *Result) { r.Provenance.CPUModel = long }},
		{"name", func(r *Result) { r.Provenance.Sysctls = map[string]string{"\n": "1"} }},
		{"value", func(r *Result) { r.Provenance.Mitigations = map[string]string{"a": long} }},
		{"many", func(r *Result) { r.Provenance.Sysctls = many }},
		{"difference of one", func(r *Result) { r.Differences = []Difference{{"a", []string{"1"}}} }},
		{"difference", func(r *Result) { r.Differences = []Difference{{"a", []string{"1", "\x9b"}}} }},
		{"differences", func(r *Result) { r.Differences = make([]Difference, maxDifferences+1) }},
	} {
		r := made(t, "6", "X", "1")
		c.change(r)
		if r.Check() == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}
