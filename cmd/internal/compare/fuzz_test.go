package compare

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/uitest"
	"wsperf/stats/comparison"
)

// bytesOf returns what is written of an index.
func bytesOf(t testing.TB, i *index) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := i.write(&text); err != nil {
		t.Fatalf("an index that cannot be written: %v", err)
	}
	return text.Bytes()
}

// mustBeKept checks that a comparison can be resumed: its index is accepted, and stays the same
// when it is read and written again.
func mustBeKept(t *testing.T, n *Comparison) {
	t.Helper()
	written := bytesOf(t, n.index())
	i, err := parseIndex(written)
	if err != nil {
		t.Fatalf("the index is refused: %v\n%s", err, written)
	}
	again, err := Bind(pflag.NewFlagSet("", pflag.ContinueOnError)).fromIndex(i)
	if err != nil {
		t.Fatalf("the comparison in the index is refused: %v\n%s", err, written)
	}
	if text := bytesOf(t, again.index()); !bytes.Equal(text, written) {
		t.Fatalf("written first:\n%s\nwritten again:\n%s", written, text)
	}
}

// mustBeBounded checks the numbers that memory and time depend on.
func mustBeBounded(t *testing.T, n *Comparison) {
	t.Helper()
	s := n.study
	if o := n.options; o.Rounds > mostRounds || s.Rounds > mostRounds || o.Confidence > mostLevel || o.CoolingUs > mostCooling.Microseconds() || s.Unpaired {
		t.Fatalf("%+v, %d rounds, not paired: %v", o, s.Rounds, s.Unpaired)
	}
	if testees, loads := len(s.Testees), len(s.Loads); testees > mostTestees || loads > mostLoads || len(s.Runs) > s.Rounds*testees*loads {
		t.Fatalf("%d testees, %d loads, %d rounds, %d runs", testees, loads, s.Rounds, len(s.Runs))
	}
}

// mustPrint checks that the study can be written in every form, without control characters.
func mustPrint(t *testing.T, s *comparison.Study) {
	t.Helper()
	for _, format := range []string{"text", "json", "md", "csv", "bench"} {
		var out strings.Builder
		if err := comparison.WriteAs(format, &out, s); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), unicode.IsControl) {
			t.Fatalf("%s: %q", format, out.String())
		}
	}
	for load := range s.Loads {
		s.Progress(load)
	}
}

// FuzzPlan checks that an accepted plan makes a comparison that can be kept and printed.
func FuzzPlan(f *testing.F) {
	all, err := os.ReadFile("../../../bench/compare.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	f.Add([]byte(Template))
	for _, s := range []string{
		uncommented, "a: [", "rounds: [5, {a: b}]", "seed: x", "testees:\n- {name: a, url: [b]}", "loads:\n- {name: a, rate: 5, low: 3}", "\"\\x1b[31m\": 1",
		"a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]", "testees: &t\n- {name: a, url: 'ws://h'}\n- {name: b, url: 'ws://h', command: \"\\xff\\e\", cpus: 0}\nloads: []\nrounds: auto",
		"testees: [{name: a, url: 'ws://h'}, {name: b, url: 'ws://h'}]\nloads:\n- {name: x, stages: '1:1s,5..9:2s', arrivals: poisson, header: ['A: 1', 'B: \xff'], conns: 9223372036854775807}\nmeasure: testee.memory",
		"scheme: [ws, wss, wss-resumed]\ntestees: [{name: a, url: 'ws://h', wss: 'wss://h:1'}, {name: b, url: 'wss://h'}]\nloads:\n- {name: x, tls-groups: 'P-256,x25519mlkem768', tls-resume: 5%, insecure: true}\n- {name: y, scheme: ws, tls-min: 1.3}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c := Bind(pflag.NewFlagSet("", pflag.ContinueOnError))
		p, err := planFile{"fuzz.yaml", c.flags, c.line}.parse(text, &c.Options)
		if err == nil {
			p.addLoad(c.load)
			err = p.check()
		}
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		n := &Comparison{plan: p, study: p.study()}
		mustBeBounded(t, n)
		mustBeKept(t, n)
		mustPrint(t, n.study)
	})
}

// FuzzIndex checks that an accepted index makes a comparison that can be kept and printed.
func FuzzIndex(f *testing.F) {
	for _, h := range []*harness{measured(0, 0), measured(7, 10)} {
		f.Add(bytesOf(f, h.index()))
	}
	f.Add(bytesOf(f, troubled().index()))
	f.Add(bytesOf(f, extreme().index()))
	for _, s := range []string{`{`, `{"schema":"wsperf-compare/1"}`, `{"schema":"wsperf-compare/1","comparison":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		i, err := parseIndex(text)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		n, err := Bind(pflag.NewFlagSet("", pflag.ContinueOnError)).fromIndex(i)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		mustBeBounded(t, n)
		mustBeKept(t, n)
		mustPrint(t, n.study)
	})
}

// troubled returns a comparison in which something went wrong.
func troubled() *Comparison {
	c := measured(2, 0).Comparison
	c.options.Rounds, c.options.Baseline, c.options.Measure = 9, "b", "ready.q50"
	c.testees[1].Command, c.testees[1].CPUs = "b --port 9", "0"
	c.loads[0].Options.Headers = []string{"Cookie: \xff"}
	c.study = c.plan.study()
	c.study.Rounds, c.study.Interrupted = 1, true
	v := 1.5
	c.study.Runs = []comparison.Run{
		{Problem: "the command ended", Output: []string{"why"}},
		{Testee: 1, File: "0002-x-b.json", Marks: []comparison.Mark{comparison.MarkShared}, Values: map[string]*float64{"ready.q50": &v, "fail": nil}},
	}
	return c
}

// extreme returns a comparison with values that no run has.
func extreme() *Comparison {
	c := measured(8, 0).Comparison
	for k, v := range []float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.MaxFloat64, -1, 0, 1e-300, 1e300} {
		of := c.study.Runs[2*k : 2*k+2]
		of[0].Values["rate"] = &v
		of[1].Values["ready.q99"] = &v
	}
	return c
}
