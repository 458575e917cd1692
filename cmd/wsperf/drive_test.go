package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestDeal(t *testing.T) {
	for _, c := range []struct {
		name           string
		allowed        []int
		workers, loops int
		want           [][]int
	}{
		{"a CPU each", []int{0, 1, 2, 3}, 4, 1, [][]int{{0}, {1}, {2}, {3}}},
		{"more CPUs than loops", []int{2, 5, 7}, 2, 1, [][]int{{2}, {5}}},
		{"more workers than CPUs", []int{4, 6}, 4, 1, [][]int{{4}, {6}, {4}, {6}}},
		{"two loops each", []int{0, 1, 2, 3}, 2, 2, [][]int{{0, 1}, {2, 3}}},
		{"a worker goes round the end", []int{0, 1, 2}, 2, 2, [][]int{{0, 1}, {2, 0}}},
		{"more loops in a worker than CPUs", []int{0, 1}, 2, 3, [][]int{{0, 1}, {1, 0}}},
		{"one CPU", []int{9}, 2, 4, [][]int{{9}, {9}}},
	} {
		for number := range c.workers {
			if got := deal(c.allowed, number, c.loops); !slices.Equal(got, c.want[number]) {
				t.Errorf("%s: worker %d has %v, want %v", c.name, number, got, c.want[number])
			}
		}
	}
}

func TestCrowded(t *testing.T) {
	for _, c := range []struct {
		workers, threads, cpus int
		want                   string
	}{
		{4, 0, 4, ""},
		{4, 1, 4, ""},
		{2, 2, 4, ""},
		{4, 0, 3, "loops 4 (of 4 workers), CPUs 3: more than one loop per CPU costs context switches and gains nothing"},
		{2, 2, 3, "loops 4 (of 2 workers), CPUs 3: more than one loop per CPU costs context switches and gains nothing"},
	} {
		o := driveOptions{workers: c.workers, threads: c.threads}
		if got := o.crowded(make([]int, c.cpus)); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestWorkerIsARun holds the worker's command line to the command's own parser.
func TestWorkerIsARun(t *testing.T) {
	o := driveOptions{url: "ws://127.0.0.1:9000", threads: 2, conns: 7, low: 3, high: 5, pattern: "-r %d 100%.json",
		source: "127.0.0.2-127.0.0.4", samples: 7}
	want := o.runOptions(1, []int{0, 1, 2})
	want.quiet, want.awaitStart = true, true
	got := defaultOptions()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	got.bind(flags)
	if err := flags.Parse(want.arguments()[2:]); err != nil {
		t.Fatal(err)
	}
	got.url = flags.Arg(0)
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) { // takes nil and empty lists for the same
		t.Errorf("the worker understands\n%+v, want\n%+v", got, want)
	}
	if want.out != "-r 1 100%.json" || want.cpus != "2,0" {
		t.Errorf("result file %q, CPUs %s", want.out, want.cpus)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		said           string
		warnings, rest []string
	}{
		{"", nil, nil},
		{"wsperf: warning: a\nwsperf: b\n\nwsperf: warning: c\n", []string{"a", "c"}, []string{"b"}},
		{"panic: x\n\ngoroutine 1", nil, []string{"panic: x", "goroutine 1"}},
	} {
		w := &worker{said: head{text: []byte(c.said)}}
		if warnings, rest := w.words(); !slices.Equal(warnings, c.warnings) || !slices.Equal(rest, c.rest) {
			t.Errorf("%q: warnings %q, rest %q", c.said, warnings, rest)
		}
	}
}

func TestWorkerReport(t *testing.T) {
	for _, c := range []struct {
		said string
		want []string
	}{
		{"", []string{"worker 3: exit status 1"}},
		{"wsperf: no\n", []string{"worker 3: exit status 1: no"}},
		{"wsperf: warning: w\nwsperf: no\nwsperf: nor that\n", []string{"worker 3: exit status 1: no", "worker 3: nor that"}},
	} {
		w := &worker{number: 3, said: head{text: []byte(c.said)}}
		var got []string
		for _, err := range flatten(w.report("exit status 1")) {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.said, got, c.want)
		}
	}
}

// strict is the standard input of a worker. Its word must not come before every
// worker is prepared or has ended.
type strict struct {
	t    *testing.T
	crew crew
	told int
}

func (s *strict) Write(p []byte) (int, error) {
	s.told++
	for _, w := range s.crew {
		select {
		case <-w.prepared.heard:
		case <-w.ended:
		default:
			s.t.Errorf("the word came before worker %d was prepared", w.number)
		}
	}
	return len(p), nil
}

func (s *strict) Close() error { return nil }

func TestWorkersBeginTogether(t *testing.T) {
	s := &strict{t: t}
	for number := range 3 {
		s.crew = append(s.crew, &worker{number: number, hold: s, prepared: newEar(), ended: make(chan struct{})})
	}
	go func() {
		hear(t, s.crew[1])
		hear(t, s.crew[0])
		for _, w := range s.crew {
			close(w.ended) // the last one without ever having been prepared
		}
	}()
	s.crew.work(t.Context())
	if s.told != 3 {
		t.Errorf("%d workers were told to begin, want 3", s.told)
	}
}

func hear(t *testing.T, w *worker) {
	if n, err := fmt.Fprintln(w.prepared, prepared); n != len(prepared)+1 || err != nil {
		t.Errorf("%d bytes were heard: %v", n, err)
	}
}

func TestInterruptedBeforeTheBegin(t *testing.T) {
	s := &strict{t: t}
	s.crew = crew{&worker{hold: s, prepared: newEar(), ended: make(chan struct{})}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	close(s.crew[0].ended)
	if s.crew.work(ctx); s.told != 0 {
		t.Error("the word came after the interrupt")
	}
}

// TestFailure takes the ends of real processes: nothing else makes an exec.ExitError.
func TestFailure(t *testing.T) {
	for _, c := range []struct {
		script            string
		ofItself, stopped string // why it failed: by itself, or when it was interrupted
	}{
		{"exit 0", "wrote no result file", "wrote no result file"},
		{"exit 1", "exit status 1", "exit status 1"},
		{"exit 130", "exit status 130", ""},
		{"kill -INT $$", "signal: interrupt", ""},
		{"kill -KILL $$", "signal: killed", "signal: killed"},
	} {
		w := &worker{fate: exec.Command("sh", "-c", c.script).Run()}
		w.options.out = t.TempDir() + "/result.json"
		if got := w.failure(false); got != c.ofItself {
			t.Errorf("%s: %q, want %q", c.script, got, c.ofItself)
		}
		if got := w.failure(true); got != c.stopped {
			t.Errorf("%s, interrupted: %q, want %q", c.script, got, c.stopped)
		}
	}
}
