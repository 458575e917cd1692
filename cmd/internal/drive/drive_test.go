package drive

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
	"wsperf/engine/host"
	"wsperf/stats/require"
)

func TestDeal(t *testing.T) {
	for _, c := range []struct {
		name           string
		cpus           []int
		workers, loops int
		want           [][]int
	}{
		{"a CPU each", []int{0, 1, 2, 3}, 4, 1, [][]int{{0}, {1}, {2}, {3}}},
		{"more CPUs than loops", []int{2, 5, 7}, 2, 1, [][]int{{2}, {5}}},
		{"more workers than CPUs", []int{4, 6}, 4, 1, [][]int{{4}, {6}, {4}, {6}}},
		{"two loops each", []int{0, 1, 2, 3}, 2, 2, [][]int{{0, 1}, {2, 3}}},
		{"round robin wraps within a worker", []int{0, 1, 2}, 2, 2, [][]int{{0, 1}, {2, 0}}},
		{"more loops in a worker than CPUs", []int{0, 1}, 2, 3, [][]int{{0, 1}, {1, 0}}},
		{"one CPU", []int{9}, 2, 4, [][]int{{9}, {9}}},
	} {
		for number := range c.workers {
			if got := deal(c.cpus, number, c.loops); !slices.Equal(got, c.want[number]) {
				t.Errorf("%s: worker %d has %v, want %v", c.name, number, got, c.want[number])
			}
		}
	}
}

func TestSharedCPUs(t *testing.T) {
	for _, c := range []struct {
		workers, threads int
		given            []int
		allowed          int
		want             string
	}{
		{4, 0, nil, 4, ""},
		{4, 1, nil, 4, ""},
		{2, 2, nil, 4, ""},
		{4, 0, nil, 3, "loops 4 (of 4 workers), CPUs 3: more than one loop per CPU costs context switches and gains nothing"},
		{2, 2, nil, 3, "loops 4 (of 2 workers), CPUs 3: more than one loop per CPU costs context switches and gains nothing"},
		{2, 0, []int{1}, 4, "loops 2 (of 2 workers), CPUs 1: more than one loop per CPU costs context switches and gains nothing"},
	} {
		o := Default()
		o.Workers, o.Loops, o.CPUs = c.workers, c.threads, c.given
		got := ""
		for _, w := range o.sharedCPUs(make([]int, c.allowed)) {
			got = w.Text
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestOfWorker checks that a worker gets all options of the driver, and its own result
// file and CPUs.
func TestOfWorker(t *testing.T) {
	o := Default()
	flags := pflag.NewFlagSet("drive", pflag.ContinueOnError)
	line := o.Bind(flags)
	err := flags.Parse([]string{"--wsuri", "ws://127.0.0.1:9000", "--threads", "2", "--conns", "7", "--lowmark", "3", "--highmark", "5",
		"--resultfile", "-r %d 100%.json", "--source", "127.0.0.2-127.0.0.3", "--samples", "7", "--close-timeout", "1s", "--header", "Cookie: id=7",
		"--subprotocol", "p", "--origin", "o", "--close-code", "3000", "--open-timeout", "2s", "--connect-timeout", "3s", "--log=false"})
	if err != nil {
		t.Fatal(err)
	}
	if err := line.Check(); err != nil {
		t.Fatal(err)
	}
	want := job.Default()
	want.URL, want.Loops, want.CPUs, want.Connections, want.Low, want.High = "ws://127.0.0.1:9000", 2, []int{2, 0}, 7, 3, 5
	want.Out, want.Sources, want.Samples, want.CloseTimeoutUs = "-r 1 100%.json", []string{"127.0.0.2", "127.0.0.3"}, 7, 1e6
	want.Headers, want.Subprotocols, want.Origin, want.CloseCode = []string{"Cookie: id=7"}, []string{"p"}, "o", 3000
	want.OpenTimeoutUs, want.ConnectTimeoutUs, want.Log = 2e6, 3e6, false
	if got := o.ofWorker(1, []int{0, 1, 2}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want\n%+v", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	allowed, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Options){
		"--skiprun and --skipanalyze cannot be given together: nothing would be left to do": func(o *Options) { o.SkipRun, o.SkipAnalysis = true, true },
		"--json and --skipanalyze cannot be given together: nothing would be printed":       func(o *Options) { o.JSON, o.SkipAnalysis = true, true },
		"--require and --skipanalyze cannot be given together: no result would be compared": func(o *Options) {
			o.SkipAnalysis, o.Requirements = true, make([]require.Requirement, 1)
		},
		`--resultfile "r.json": must have %d once, for the number of the worker`: func(o *Options) { o.Out = "r.json" },
		"--cpus 0-4: 4 loops (of 4 workers) cannot use 5 CPUs: give more --workers or --threads, or fewer CPUs": func(o *Options) {
			o.CPUs = []int{0, 1, 2, 3, 4}
		},
		"CPU 1023 is not allowed for this process: must be one of " + host.FormatCPUs(allowed): func(o *Options) {
			o.CPUs = []int{allowed[0], 1023}
		},
		"close timeout 0s: must be above 0 and at most 10m0s": func(o *Options) { o.CloseTimeoutUs = 0 },
	} {
		o := Default()
		spoil(&o)
		if _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// warned makes workers that have sent the warnings.
func warned(all ...[]engine.Warning) (ws workers) {
	for number, warnings := range all {
		ws = append(ws, &worker{number: number, said: answer{Prepared: &prepared{Warnings: warnings}}})
	}
	return ws
}

func TestWarnings(t *testing.T) {
	a, b := engine.Warning{Kind: engine.WarnPorts, Text: "a"}, engine.Warning{Kind: engine.WarnBacklog, Text: "b"}
	shared := engine.Warning{Kind: engine.WarnSharedCPU, Text: "c"}
	ws := append(warned(nil, []engine.Warning{shared, a}, []engine.Warning{a, b}), &worker{number: 3})
	for _, c := range []struct{ told, want []string }{
		{nil, []string{"worker 1: a", "worker 2: b"}},
		{[]string{"ports"}, []string{"worker 2: b"}},
		{[]string{"ports", "backlog"}, nil},
	} {
		var told []engine.Warning
		for _, kind := range c.told {
			told = append(told, engine.Warning{Kind: engine.WarningKind(kind), Text: "4 workers together: x"})
		}
		if got := ws.warnings(told); !slices.Equal(got, c.want) {
			t.Errorf("told of %q: %q, want %q", c.told, got, c.want)
		}
	}
}

func TestProgressIsTheSumOfAllWorkers(t *testing.T) {
	ws := workers{{prepared: make(chan struct{})}, {}, {prepared: make(chan struct{})}}
	one := engine.Progress{Started: 5, Success: 3, Fail: 1, InFlight: 2}
	for _, p := range []engine.Progress{{Started: 1}, one} {
		ws[0].hear(appendProgress(nil, p))
		ws[2].hear(appendProgress(nil, p))
	}
	if got, want := ws.progress(), (engine.Progress{Started: 10, Success: 6, Fail: 2, InFlight: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestProgressIsSentWithoutAllocation: the heap of the measured window is reported.
func TestProgressIsSentWithoutAllocation(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	w := &workerSide{u: ui.New(nil, null, io.Discard)}
	message := make([]byte, 0, 256)
	p := engine.Progress{Started: 1 << 63, Success: 1 << 62, Fail: 1 << 61, InFlight: 1 << 30}
	if n := testing.AllocsPerRun(100, func() { err = w.write(appendProgress(message, p)) }); n != 0 || err != nil {
		t.Errorf("%v allocations, error %v", n, err)
	}
	if n := len(appendProgress(message, p)); n > cap(message) {
		t.Errorf("a message has %d bytes, the buffer %d", n, cap(message))
	}
}

// TestHear checks that lines that are not messages have no effect.
func TestHear(t *testing.T) {
	w := &worker{prepared: make(chan struct{})}
	for _, text := range []string{"", "hello", "{}", `{"prepared"`, `{"prepared":null}`, `["prepared"]`, `{"result":7}`, "\x00\xff", `{"other":{}}`} {
		w.hear([]byte(text))
	}
	select {
	case <-w.prepared:
		t.Error("prepared")
	default:
	}
	if w.said != (answer{}) {
		t.Errorf("messages %+v, want none", w.said)
	}
	for range 2 {
		w.hear([]byte(`{"prepared":{"warnings":[{"kind":"ports","text":"few"}]}}`))
	}
	<-w.prepared
	if got := w.warned(); !slices.Equal(got, []engine.Warning{{Kind: engine.WarnPorts, Text: "few"}}) {
		t.Errorf("warnings %+v", got)
	}
}

func TestNotRun(t *testing.T) {
	for _, c := range []struct {
		results results
		want    string
	}{
		{results{workers: 2, planned: 10, missing: 5, lost: []string{"a"}}, "5 of 10"},
		{results{workers: 3, lost: []string{"a", "b"}}, "2 of 3 workers"},
	} {
		if got := c.results.notRun(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.results, got, c.want)
		}
	}
}

func TestGoal(t *testing.T) {
	d := &Driver{options: Default()}
	if g := d.goal(); g.Connections != 200000 || g.Duration != 0 {
		t.Errorf("%+v", g)
	}
	d.options.Connections, d.options.DurationUs = 0, 2e6
	if g := d.goal(); g.Connections != 0 || fmt.Sprint(g.Duration) != "2s" {
		t.Errorf("%+v", g)
	}
}

// TestUsualCPUs leaves CPUs to a testee on this machine, or the choice to the kernel.
func TestUsualCPUs(t *testing.T) {
	for _, c := range []struct {
		at          string
		threads     int
		loops, cpus int // of worker 0
	}{
		{"127.0.0.1", 0, 0, 0}, {"::1", 1, 0, 0}, {"::1", 3, 3, 2}, {"192.0.2.1", 0, 1, 1}, {"192.0.2.1", 3, 3, 3},
	} {
		o := Default()
		o.Loops = c.threads
		w := o.ofWorker(0, o.usualCPUs(netip.MustParseAddr(c.at), []int{0, 1, 2, 3}))
		if w.Loops != c.loops || len(w.CPUs) != c.cpus {
			t.Errorf("testee at %s, %d threads: %d loops on CPUs %v, want %d on %d CPUs", c.at, c.threads, w.Loops, w.CPUs, c.loops, c.cpus)
		}
	}
}
