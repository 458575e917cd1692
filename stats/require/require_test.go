package require

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Requirement{
		"fail%<0.1":                   {"fail%", "<", "0.1", 0.1},
		"  fail%  <=  0.1%\t":         {"fail%", "<=", "0.1%", 0.1},
		"success >= 10k":              {"success", ">=", "10k", 10_000},
		"total == 1.1k":               {"total", "==", "1.1k", 1100},
		"rate > 2M":                   {"rate", ">", "2M", 2_000_000},
		"handshakes/s != .5":          {"handshakes/s", "!=", ".5", 0.5},
		"open.q99 < 5ms":              {"open.q99", "<", "5ms", 5000},
		"open.q50 < 250us":            {"open.q50", "<", "250us", 250},
		"total.q999 < 1.5\u00b5s":     {"total.q999", "<", "1.5us", 1.5},
		"close.q05<1m1\u03bcs":        {"close.q05", "<", "1m1us", 60_000_001},
		"connect.q999999999 < 0":      {"connect.q999999999", "<", "0", 0},
		"fin.min == 0s":               {"fin.min", "==", "0s", 0},
		" valid\t":                    {measure: "valid"},
		"secure.q99 < 20ms":           {"secure.q99", "<", "20ms", 20_000},
		"secure_resumed.max < 5ms":    {"secure_resumed.max", "<", "5ms", 5000},
		"cause.secure_alert == 0":     {"cause.secure_alert", "==", "0", 0},
		"fin.reset == 0":              {"fin.reset", "==", "0", 0},
		"cpu < 50us":                  {"cpu", "<", "50us", 50},
		"cause.open_timeout == 0":     {"cause.open_timeout", "==", "0", 0},
		"cause.client_other% < 0.01%": {"cause.client_other%", "<", "0.01%", 0.01},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		form  = "must be MEASURE OP VALUE with an OP of < <= > >= == !=, such as 'fail% < 0.1', or valid"
		all   = "must be fail%, success, fail, total, rate, handshakes/s, made%, cpu, cpu.user, cpu.system, testee.cpu, testee.cpu.user, testee.cpu.system, testee.busiest%, testee.memory, fin.received, fin.reset, fin.timeout, cause.NAME, cause.NAME%, "
		times = "must be a time of 0 or more with its unit us, ms or s, such as 250us, 5ms or 1.5s"
		count = "must be a number of 0 or more, such as 0, 250 or 10k"
	)
	for text, want := range map[string]string{
		"":                         "the requirement is empty: " + form,
		" \n":                      "the requirement is empty: " + form,
		"fail%":                    "no comparison: " + form,
		"valid < 1":                "valid is not compared with anything: write it alone",
		"valid x":                  "no comparison: " + form,
		"fail% = 1":                `unknown comparison "=": ` + form,
		"fail% ! 1":                `unknown comparison "!": ` + form,
		"fail% =< 1":               `unknown comparison "=": ` + form,
		"fial% < 1":                `unknown measure "fial%": ` + all,
		"fail%.x < 1":              `unknown measure "fail%.x": ` + all,
		"< 1":                      `unknown measure "": ` + all,
		"\x1b[2J < 1":              `unknown measure "\x1b[2J": ` + all,
		"opne.q99 < 5ms":           `unknown measure "opne.q99": ` + all,
		"open < 5ms":               `unknown measure "open": ` + all,
		"open.p99 < 5ms":           `unknown measure "open.p99": must be open.X with an X of min, mean, max, q50, q99, q999 or another quantile`,
		"open.q < 5ms":             `unknown measure "open.q": must be open.X with an X of min, mean, max, q50, q99, q999 or another quantile`,
		"open.q9x < 5ms":           `unknown measure "open.q9x": must be open.X`,
		"fin.rst == 0":             `unknown measure "fin.rst": must be fin.received, fin.reset, fin.timeout, fin.X with an X of min,`,
		"cpu.usr < 5us":            `unknown measure "cpu.usr": must be cpu.user, cpu.system`,
		"cause.close_ufo == 0":     `unknown measure "cause.close_ufo": must be cause.NAME or cause.NAME% with a NAME of close_timeout, close_reset, close_unreachable, close_eof, close_protocol, close_flood`,
		"cause.ufo == 0":           `unknown measure "cause.ufo": must be cause.NAME or cause.NAME% with a NAME of connect_refused, connect_timeout, `,
		"cause. == 0":              `unknown measure "cause.": must be cause.NAME or cause.NAME% with a NAME of connect_refused, `,
		"open.q5 < 5ms":            `quantile "q5": must have 2 to 9 digits, as q05 (5 %), q50 (50 %), q99 (99 %) or q999 (99.9 %)`,
		"open.q9999999999 < 5ms":   `quantile "q9999999999": must have 2 to 9 digits, as`,
		"open.q00 < 5ms":           `quantile "q00": must be above 0: write min`,
		"open.q100 < 5ms":          `quantile "q100": must not end in 0: the digits are decimals, as in q999 (99.9 %); write max for 100 %`,
		"open.q99 < 5":             `value "5" of open.q99: ` + times,
		"open.q99 < 5 ms":          `value "5 ms" of open.q99: ` + times,
		"open.q99 < -5ms":          `value "-5ms" of open.q99: ` + times,
		"open.q99 < 500ns":         `value "500ns" of open.q99: ` + times,
		"open.q99 < 5%":            `value "5%" of open.q99: ` + times,
		"open.q99 < 999999999h":    `value "999999999h" of open.q99: ` + times,
		"open.q99 <":               `value "" of open.q99: ` + times,
		"open.q99 << 5ms":          `value "< 5ms" of open.q99: ` + times,
		"fail% < 5ms":              `value "5ms" of fail%: must be a percentage of 0 or more, such as 0.1 or 0.1%`,
		"fail% < 1k":               `value "1k" of fail%: must be a percentage`,
		"fail% < %":                `value "%" of fail%: must be a percentage`,
		"fail < 5%":                `value "5%" of fail: ` + count,
		"fail < -1":                `value "-1" of fail: ` + count,
		"fail < NaN":               `value "NaN" of fail: ` + count,
		"fail < 1e3":               `value "1e3" of fail: ` + count,
		"fail < 0x1p2":             `value "0x1p2" of fail: ` + count,
		"fail < 1.2.3":             `value "1.2.3" of fail: ` + count,
		"fail < .":                 `value "." of fail: ` + count,
		"fail < k":                 `value "k" of fail: ` + count,
		"fail < 1kk":               `value "1kk" of fail: ` + count,
		"fail < 1K":                `value "1K" of fail: ` + count,
		"rate > 5ms":               `value "5ms" of rate: must be a number per second of 0 or more, such as 250 or 10k`,
		strings.Repeat("x", 201):   "too long: must have at most 200 bytes",
		"fail<" + zeros(200-5):     "too long: must have at most 200 bytes",
		"fail <" + zeros(201-6):    "too long: must have at most 200 bytes",
		"fail < " + zeros(200-8):   "",
		"fail < " + zeros(200-7):   "",
		"fail < 1\u00b5" + "\x00k": "value \"1u\\x00k\" of fail: " + count,
	} {
		got, err := Parse(text)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b\x00") || got != (Requirement{}) {
			t.Errorf("%q: %+v, %v, want %s", text, got, err, want)
		}
	}
}

func TestPercentileOf(t *testing.T) {
	for statistic, want := range map[string]float64{
		"q05": 5, "q50": 50, "q90": 90, "q99": 99, "q999": 99.9, "q9999": 99.99, "q001": 0.1, "q125": 12.5, "q999999999": 99.9999999,
	} {
		if got, err := percentileOf(statistic); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", statistic, got, err, want)
		}
	}
}

func zeros(n int) string { return strings.Repeat("0", n) }

// success is a connection whose phases take 1, 2, 3, 4 and 10 milliseconds, and its two TLS
// handshakes 7 and 6. No real one has both.
func success(rec *stats.Recorder, f stats.Fin) {
	s := &stats.Sample{Ns: [stats.NumPhases]int64{1e6, 2e6, 3e6, 4e6, 10e6}}
	for p := range stats.Phase(stats.NumPhases) {
		if p != stats.PhaseFin || f == stats.FinReceived {
			s.Reached = s.Reached.With(p)
		}
	}
	s.Ns[stats.PhaseSecure], s.Ns[stats.PhaseSecureResumed] = 7e6, 6e6
	rec.Start()
	rec.Secured(stats.TLSHandshake{})
	rec.Secured(stats.TLSHandshake{Tried: true, Resumed: true})
	rec.Success(s)
	rec.Fin(f)
}

// measured is a run of 10 s with 997 successes and 3 failures, whose loaded window has 900
// successes in 8 s.
func measured(t *testing.T) *stats.Result {
	t.Helper()
	rec := stats.NewRecorder(nil)
	for range 990 {
		success(rec, stats.FinReceived)
	}
	for range 5 {
		success(rec, stats.FinReset)
	}
	for range 2 {
		success(rec, stats.FinTimeout)
	}
	for _, c := range []stats.Cause{stats.CauseOpenTimeout, stats.CauseOpenTimeout, stats.CauseCloseEOF} {
		rec.Start()
		rec.Fail(&stats.Sample{Reached: stats.Phases(0).With(stats.PhaseTotal)}, c)
	}
	r, err := stats.Merge(rec)
	if err != nil {
		t.Fatal(err)
	}
	r.Started = time.Unix(1000, 0)
	r.Ended = r.Started.Add(10 * time.Second)
	r.Loaded = stats.LoadedResult{FirstNs: r.Started.UnixNano(), LastNs: r.Started.Add(8 * time.Second).UnixNano(), Success: 900}
	r.Client = stats.ClientCost{UserUs: 2000, SystemUs: 40_000}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCheckAtTheBoundary compares each measure with exactly what the result has.
func TestCheckAtTheBoundary(t *testing.T) {
	r := measured(t)
	for name, at := range map[string]string{
		"fail%": "0.3%", "success": "997", "fail": "3", "total": "1k", "rate": "112.5", "handshakes/s": "99.7",
		"cpu": "42us", "cpu.user": "2us", "cpu.system": "40us",
		"fin.received": "990", "fin.reset": "5", "fin.timeout": "2",
		"connect.q50": "1ms", "connect.min": "1ms", "connect.max": "1ms",
		"open.q999": "2ms", "open.q05": "2ms", // 3 ms and more are in a bucket of 2 or more microseconds
		"close.q99": "3001us", "close.min": "3ms", "fin.q99": "4001us", "total.max": "10.007ms", "total.min": "10ms", "secure.q99": "7003us", "secure_resumed.q50": "6003us",
		"cause.open_timeout": "2", "cause.open_timeout%": "0.2%", "cause.close_eof": "1", "cause.open_reset": "0", "cause.interrupted%": "0",
	} {
		for operator, want := range map[string]bool{"<": false, "<=": true, ">": false, ">=": true, "==": true, "!=": false} {
			q, err := Parse(name + operator + at)
			if err != nil {
				t.Fatal(err)
			}
			if f := q.Check(r); f.Met != want || f.Found == nil {
				t.Errorf("%v: met %v, found %s, want %v", q, f.Met, f.FoundText(), want)
			}
		}
	}
}

// TestEveryMeasureIsCompared with 0 and with more than any value, in both directions.
func TestEveryMeasureIsCompared(t *testing.T) {
	r := measured(t)
	r.Load = stats.LoadResult{Mode: stats.ModeOpen, Due: 10, Owed: 1}
	r.TesteeCost = example.TesteeCost()
	all := named()
	for _, d := range distributions() {
		for _, statistic := range []string{"q50", "q99", "q9999"} {
			m, err := d.quantile(statistic)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
	}
	if least := 17 + 2*(stats.NumCauses-1) + 6*stats.NumPhases; len(all) < least {
		t.Errorf("%d measures, want %d or more", len(all), least)
	}
	for _, m := range all {
		most := map[string]string{stats.UnitNone: "9M", stats.UnitPercent: "101%", stats.UnitPerSecond: "9M", stats.UnitMicroseconds: "1h", stats.UnitBytes: "9000M"}[m.unit.symbol]
		for text, want := range map[string]bool{">= 0": true, "< 0": false, "< " + most: true, "> " + most: false} {
			q, err := Parse(m.name + text)
			if err != nil {
				t.Fatal(err)
			}
			if f := q.Check(r); f.Met != want || f.Expression != q.String() || f.Unit != m.unit.symbol {
				t.Errorf("%v: %+v, want met %v", q, f, want)
			}
		}
	}
}

func TestNoValueIsNotMet(t *testing.T) {
	empty, err := stats.Merge()
	if err != nil {
		t.Fatal(err)
	}
	tally := stats.NewTally()
	tally.Add(stats.Timing{ConnectUs: 1, OpenUs: 2, CloseUs: 3})
	tally.Add(stats.Timing{Failed: true})
	for _, c := range []struct {
		of    string
		r     *stats.Result
		names string
	}{
		{"nothing", empty, "fail% rate handshakes/s cpu cpu.user cpu.system open.q99 total.min fin.mean cause.open_eof%"},
		{"the ancestor's files", tally.Result(), "cpu total.q99 fin.max fin.received fin.reset fin.timeout cause.open_eof cause.open_eof%"},
	} {
		for name := range strings.FieldsSeq(c.names) {
			for _, operator := range operators {
				q, err := Parse(name + operator + "0")
				if err != nil {
					t.Fatal(err)
				}
				if f := q.Check(c.r); f.Met || f.Found != nil || f.FoundText() != "no value" {
					t.Errorf("%v of %s: %+v", q, c.of, f)
				}
			}
		}
	}
	if f := (Requirement{}).Check(empty); f.Met {
		t.Errorf("the zero value is met: %+v", f)
	}
}

// TestRateWithoutALoadedWindow is that of the whole run.
func TestRateWithoutALoadedWindow(t *testing.T) {
	r := measured(t)
	r.Loaded = stats.LoadedResult{}
	q, err := Parse("rate == 99.7")
	if err != nil {
		t.Fatal(err)
	}
	if f := q.Check(r); !f.Met {
		t.Errorf("found %s", f.FoundText())
	}
}

func TestCheckAllKeepsTheOrder(t *testing.T) {
	var all []Requirement
	for _, text := range []string{"total > 1", "fail<1", "total>1"} {
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	got := ""
	for _, f := range CheckAll(all, measured(t)) {
		got += fmt.Sprintln(f.Expression, f.Met, f.FoundText())
	}
	if want := "total > 1 true 1000\nfail < 1 false 3\ntotal > 1 true 1000\n"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if CheckAll(nil, measured(t)) != nil {
		t.Error("findings of no requirement")
	}
}

// FuzzParse checks that what is accepted is printable ASCII that parses to the same
// requirement.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"fail% < 0.1%", "open.q999<=5\u00b5s", "rate>10k", "cause.open_eof%!=0", "fin.q050 == 1h", "=", "open.q", "."} {
		f.Add(text)
	}
	r, err := stats.Merge()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(q.String()); err != nil || again != q {
			t.Fatalf("%q is %+v, but %q is %+v, %v", text, q, q, again, err)
		}
		r.Findings = []stats.Finding{q.Check(r)}
		if err := r.Check(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// TestTesteeMeasures: they have no value where the testee's cost is not known, and the busiest
// thread none where there were too many threads.
func TestTesteeMeasures(t *testing.T) {
	r := example.Plain()
	for _, step := range []struct {
		cost         stats.TesteeCost
		cpu, busiest bool
	}{
		{stats.TesteeCost{Unknown: stats.TesteeElsewhere}, false, false},
		{stats.TesteeCost{FoundBy: stats.FoundByPID, Processes: 1, UserUs: 250}, true, true},
		{stats.TesteeCost{FoundBy: stats.FoundByPID, Processes: 1, UserUs: 250, Unwatched: 1}, true, false},
	} {
		r.TesteeCost = step.cost
		for text, want := range map[string]bool{"testee.cpu == 2.5us": step.cpu, "testee.busiest% == 0": step.busiest} {
			q, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Check(r).Met; got != want {
				t.Errorf("%s with %+v: met %t, want %t", text, step.cost, got, want)
			}
		}
	}
}

// TestValid: the verdict alone decides, and an unknown one is not valid.
func TestValid(t *testing.T) {
	q, err := Parse("valid")
	if err != nil {
		t.Fatal(err)
	}
	for kind, met := range map[stats.Bottleneck]bool{
		stats.BottleneckTestee: true, stats.BottleneckRate: true, stats.BottleneckUnclear: true,
		stats.BottleneckClient: false, stats.BottleneckShared: false, stats.BottleneckQuota: false, "": false,
	} {
		r := measured(t)
		r.Verdict.Kind = kind
		f := q.Check(r)
		if f.Met != met || f.Expression != "valid" || f.Found != nil || kind != "" && f.FoundText() != string(kind) || kind == "" && f.FoundText() != "no value" {
			t.Errorf("%q: %+v", kind, f)
		}
		r.Findings = []stats.Finding{f}
		if err := r.Check(); err != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
}
