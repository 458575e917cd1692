package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/stats/comparison"
)

func writePlan(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// commandLine returns options, and the flags that have set them.
func commandLine(t *testing.T, args ...string) (*Options, *pflag.FlagSet, *job.CommandLine) {
	t.Helper()
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	c := Bind(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &c.Options, f, c.line
}

// uncommented is the template with all that it only shows.
var uncommented = strings.NewReplacer("# measure:", "measure:", "# precision:", "precision:", "# budget:", "budget:", "# restart:", "restart:",
	"# start-timeout:", "start-timeout:", "# cooling:", "cooling:", "# baseline:", "baseline:", "# confidence:", "confidence:", "# seed:", "seed:", "# cpus:", "cpus:", "# scheme:", "scheme:", "# wss:", "wss:",
	"# testee-cpus:", "testee-cpus:", "# - name", "- name", "#   rate", "  rate", "#   warmup", "  warmup", "#   duration", "  duration").Replace(Template)

// TestTemplate: the plan that --init prints is one, with every option in it.
func TestTemplate(t *testing.T) {
	o, given, load := commandLine(t)
	for name, text := range map[string]string{"as it is": Template, "uncommented": uncommented} {
		p, err := planFile{writePlan(t, text), given, load}.read(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(p.testees) != 2 || len(p.loads) == 0 || p.options.Rounds != 12 {
			t.Errorf("%s: %+v", name, p)
		}
		if err := p.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(Options).bind(settings)
	settings.VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(Template, f.Name+":") {
			t.Errorf("%s is not in the plan", f.Name)
		}
	})
}

// TestCommandLineComesFirst: what was given there counts, whatever the plan says.
func TestCommandLineComesFirst(t *testing.T) {
	o, given, load := commandLine(t, "--rounds", "7", "--cpus", "0", "--header", "C: 3", "--seed", "7", "--baseline", "b")
	p, err := planFile{writePlan(t, "rounds: 9\nseed: 5\nconfidence: 99%\nrestart: never\nloads:\n- {name: a, header: ['A: 1', 'B: 2'], rate: 5, duration: 4s}\n- {name: b, conns: 7, cpus: 5}\n"), given, load}.read(o)
	if err != nil {
		t.Fatal(err)
	}
	if p.options.Rounds != 7 || p.options.Confidence != 99 || p.options.Restart != RestartNever || p.options.Seed != 7 || p.options.Baseline != "b" {
		t.Errorf("%+v", p.options)
	}
	a, b := p.loads[0].Options, p.loads[1].Options
	if len(a.Headers) != 3 || len(b.CPUs) != 1 || b.CPUs[0] != 0 || !a.Open() || a.DurationUs != 4000000 || a.Low != 0 || b.Connections != 7 || b.DurationUs != 0 || b.WarmupUs != 1000000 {
		t.Errorf("%+v\n%+v", a, b)
	}
	if p.loads[0].described("").Measure != "ready.q99" || p.loads[1].described("").Measure != "rate" || p.loads[1].described("fail").Measure != "fail" {
		t.Error("the measure that decides")
	}
}

func TestPlanRefuses(t *testing.T) {
	o, given, load := commandLine(t)
	for text, want := range map[string]string{
		"a: [":                            "line 1",
		"- a":                             "line 1: must be keys with values",
		"rounds: [5, {a: b}]":             "line 1: rounds: must be a value or a list of values",
		"rounds: 3":                       `line 1: rounds "3": must be 5 to 200, or auto`,
		"seed: x":                         `line 1: seed "x": must be a whole number`,
		"testees: a":                      "line 1: testees: must be a list",
		"testees:\n- a":                   "line 2: must be keys with values",
		"testees:\n- {name: a, cpus: 0}":  "line 2: testee a: the URL is missing",
		"testees:\n- {name: a, url: [b]}": "line 2: url: must be a text",
		"testees:\n- {name: a, url: 'ws://h', cpus: 0}":             "CPUs without a command",
		"testees:\n- {name: a, url: 'ws://h', cpus: x, command: b}": `CPUs "x": `,
		"testees:\n- {name: a, url: 'ws://h', wss: 'ws://h'}":       `testee a: wss "ws://h": must be such as wss://127.0.0.1:9443/`,
		"scheme: []":                                   "line 1: scheme: the list is empty: must be ws, wss or wss-resumed",
		"scheme: http":                                 `line 1: scheme "http": must be ws, wss or wss-resumed`,
		"scheme: {a: b}":                               `line 1: scheme "": must be ws, wss or wss-resumed`,
		"scheme: [wss, [ws]]":                          `line 1: scheme "": must be ws, wss or wss-resumed`,
		"scheme: [wss, ws, wss]":                       "line 1: scheme: wss is there twice",
		"loads:\n- {name: a, scheme: ''}":              `line 2: scheme "": must be`,
		"loads:\n- {name: a, tls-min: 2}":              `line 2: tls-min "2": must be 1.2 or 1.3`,
		"testees:\n- {name: 'a b', url: 'ws://h'}":     `name "a b" of a testee: must be`,
		"loads: 5":                                     "line 1: loads: must be a list",
		"loads:\n- {low: 5}":                           `line 2: name "" of a load: must be`,
		"loads:\n- {name: a, low: 5, high: 4}":         "line 2: --low 5 is above --high 4",
		"loads:\n- {name: a, out: b}":                  `line 2: unknown key "out"`,
		"loads:\n- {name: a, pid: '1'}":                `line 2: unknown key "pid"`,
		"loads:\n- {name: a, header: 'Cookie secret'}": "line 2: header",
		"loads:\n- {name: a, rate: 5, low: 3}":         "cannot be given together",
		"\"\\x1b[31m\": 1":                             `unknown key "\x1b[31m"`,
		"rounds: 5\nseed: 1\nrounds: 9":                `line 3: "rounds" is there twice`,
		"loads:\n- {name: a, rate: 5, rate: 6}":        `line 2: "rate" is there twice`,
		"rounds: 5\n---\nrounds: 9":                    "has a second document",
		strings.Repeat("# ", maxPlan/2+1):              "is larger than 1 MiB",
	} {
		_, err := planFile{writePlan(t, text), given, load}.read(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") || !strings.HasPrefix(err.Error(), "plan ") {
			t.Errorf("%.100q: %v, want %q", text, err, want)
		}
	}
}

// TestIndexIsChecked: what a file says is not trusted.
func TestIndexIsChecked(t *testing.T) {
	whole := func() *index {
		p := plan{Default(), []Testee{{Name: "a", URL: "ws://h/"}, {Name: "b", URL: "ws://i/"}}, []Load{{Name: "x", Options: defaultLoad()}}}
		s := p.study()
		s.Rounds = 2
		s.Runs = []comparison.Run{{Round: 1, Testee: 1}}
		return &index{Schema, p.options, p.testees, p.loads, s}
	}
	for name, change := range map[string]func(*index){
		"schema":     func(i *index) { i.Schema = "\x1b[31m" },
		"no study":   func(i *index) { i.Study = nil },
		"testees":    func(i *index) { i.Study.Testees = nil },
		"one testee": func(i *index) { i.Testees, i.Study.Testees = i.Testees[:1], i.Study.Testees[:1] },
		"name":       func(i *index) { i.Testees[0].Name = "\x1b" },
		"loads":      func(i *index) { i.Study.Loads = nil },
		"round":      func(i *index) { i.Study.Runs[0].Round = 2 },
		"testee":     func(i *index) { i.Study.Runs[0].Testee = -1 },
		"load":       func(i *index) { i.Study.Runs[0].Load = 1 },
		"rounds":     func(i *index) { i.Study.Rounds = 1 << 30 },
		"level":      func(i *index) { i.Study.Level = 1 },
		"no load":    func(i *index) { i.Loads, i.Study.Loads = nil, nil },
		"turn":       func(i *index) { i.Study.Runs = append(i.Study.Runs, i.Study.Runs[0]) },
		"unpaired":   func(i *index) { i.Study.Unpaired = true },
		"confidence": func(i *index) { i.Options.Confidence = 100 },
		"measure":    func(i *index) { i.Options.Measure = "\x1b[31m" },
		"too many":   func(i *index) { i.Options.Rounds = mostRounds + 1 },
		"budget":     func(i *index) { i.Options.BudgetUs = 0 },
		"scheme":     func(i *index) { i.Loads[0].Scheme = "\x1b" },
		"wss":        func(i *index) { i.Testees[0].WSS = "ws://h/" },
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{t.TempDir()}
			i := whole()
			if err := s.save(i); err != nil {
				t.Fatal(err)
			}
			if _, err := s.load(); err != nil {
				t.Fatalf("before it was changed: %v", err)
			}
			change(i)
			if err := s.save(i); err != nil {
				t.Fatal(err)
			}
			if _, err := s.load(); err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%v", err)
			}
		})
	}
	s := &store{t.TempDir()}
	if err := os.WriteFile(s.path(indexName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.load(); err == nil {
		t.Error("a damaged index")
	}
}

// TestIndexControlsNoTerminal: what somebody has written into an index is printed as plain text.
func TestIndexControlsNoTerminal(t *testing.T) {
	const evil = "\x1b[31m\u009b\n"
	p := plan{Default(), []Testee{{Name: "a", URL: "ws://h/"}, {Name: "b", URL: "ws://i/"}}, []Load{{Name: "x", Options: defaultLoad()}}}
	study := p.study()
	study.Rounds, study.Warnings = 1, []string{evil}
	v := 1.0
	study.Runs = []comparison.Run{
		{Problem: evil, Output: []string{evil}, Marks: []comparison.Mark{evil}},
		{Testee: 1, Marks: []comparison.Mark{evil}, Values: map[string]*float64{"rate": &v, evil: &v}},
	}
	s := &store{t.TempDir()}
	if err := s.save(&index{Schema, p.options, p.testees, p.loads, study}); err != nil {
		t.Fatal(err)
	}
	i, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "md", "csv", "bench", "json"} {
		var out strings.Builder
		if err := comparison.WriteAs(format, &out, i.Study); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\u009b") {
			t.Errorf("%s: %q", format, out.String())
		}
	}
}

func TestParseTestee(t *testing.T) {
	for text, want := range map[string]Testee{
		"a=ws://h/":                   {Name: "a", URL: "ws://h/"},
		"a=ws://h/?x=@ws://i":         {Name: "a", URL: "ws://h/?x=@ws://i"},
		"a=wss://h/":                  {Name: "a", URL: "wss://h/"},
		"a=run @ws://i @wss://h:1/":   {Name: "a", URL: "wss://h:1/", Command: "run @ws://i"},
		"a=wss://h/?x=@ws://i":        {Name: "a", URL: "wss://h/?x=@ws://i"},
		"a=run --x=1@ws://h:1/":       {Name: "a", URL: "ws://h:1/", Command: "run --x=1"},
		"a=curl x@ws://y @ws://h:1/z": {Name: "a", URL: "ws://h:1/z", Command: "curl x@ws://y"},
	} {
		if got, err := parseTestee(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if got := hostPort("ws://h/") + hostPort("ws://[::1]:5/") + hostPort("wss://h/"); got != "h:80[::1]:5h:443" {
		t.Error(got)
	}
}
