package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

// fake is an engine with three parts, whose clock is that of a synctest bubble.
type fake struct {
	submit, begin, interrupt, delete error
	look                             func(f *fake) (State, error)
	outputs                          []Output
	collect                          error

	submitted, begun, interrupted time.Time
	calls                         []string
}

var errForbidden = Refusal{errors.New("pods is forbidden")}

func (f *fake) call(name string) { f.calls = append(f.calls, name) }

func (f *fake) Name() string { return "job fake" }

func (f *fake) Submit(context.Context) error {
	f.call("submit")
	f.submitted = time.Now()
	return f.submit
}

func (f *fake) Look(context.Context) (State, error) { return f.look(f) }

func (f *fake) Begin(_ context.Context, at time.Time) error {
	f.call("begin")
	f.begun = at
	return f.begin
}

func (f *fake) Interrupt(context.Context) error {
	f.call("interrupt")
	f.interrupted = time.Now()
	return f.interrupt
}

func (f *fake) Collect(_ context.Context, take func(Output)) error {
	f.call("collect")
	for _, o := range f.outputs {
		take(o)
	}
	return f.collect
}

func (f *fake) Delete(context.Context) error {
	f.call("delete")
	return f.delete
}

// Times of the parts of a fake.
const (
	prepares = 2 * time.Second
	runs     = 10 * time.Second
)

// asUsual is how parts are that get ready, run, and end.
func asUsual(f *fake) (State, error) {
	switch now := time.Now(); {
	case !f.interrupted.IsZero() && now.After(f.interrupted.Add(time.Second)), !f.begun.IsZero() && now.After(f.begun.Add(runs)):
		return State{Ready: 3, Ended: 3, Over: 3}, nil
	case now.Before(f.submitted.Add(prepares)):
		return State{Ready: 1, Trouble: []string{"no node has room"}}, nil
	}
	return State{Ready: 3}, nil
}

// fromBegin is asUsual until the moment of the begin, and what then returns from then on.
func fromBegin(then func(f *fake) (State, error)) func(*fake) (State, error) {
	return func(f *fake) (State, error) {
		if f.begun.IsZero() {
			return asUsual(f)
		}
		return then(f)
	}
}

// steady is a state from the begin on.
func steady(s State) func(*fake) (State, error) {
	return fromBegin(func(*fake) (State, error) { return s, nil })
}

// three is what three parts have printed.
func three() []Output {
	return []Output{ofPart(0), ofPart(1), ofPart(2)}
}

// ofPart is what a part without connections has printed.
func ofPart(number int) Output {
	r, err := stats.Merge()
	if err != nil {
		panic(err)
	}
	r.Started, r.Ended = time.Unix(1, 0), time.Unix(2, 0)
	r.Parts = []stats.Part{{Number: number, Of: 3, RunID: "r", Begun: true}}
	var text, line bytes.Buffer
	if err := file.Write(&text, r); err != nil {
		panic(err)
	}
	for l := range bytes.Lines(text.Bytes()) {
		line.Write(bytes.TrimSpace(l))
	}
	return Output{Name: fmt.Sprintf("part-%d", number), Result: append([]byte("a line before\n"), line.Bytes()...)}
}

// warned is a part that has printed a warning.
func warned(number int) Output {
	o := ofPart(number)
	o.Words = "wsperf: warning: too few \x1b[31mports\nwsperf: every handshake failed\n"
	return o
}

// outcome is what a launch was seen to do.
type outcome struct {
	calls  string
	parts  int // in the result
	code   int
	errs   []string
	stderr string
	took   time.Duration
}

// do launches three parts. interruptAfter 0: no Ctrl-C.
func do(t *testing.T, f *fake, interruptAfter time.Duration, keep bool) (o outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if interruptAfter > 0 {
			time.AfterFunc(interruptAfter, cancel)
		}
		plan := Plan{Shards: 3, Lead: 5 * time.Second, ReadyTimeout: time.Minute, Grace: 30 * time.Second, Timeout: time.Hour, Keep: keep}
		l := &Launch{Plan: plan, Carrier: f, UI: ui.New(nil, io.Discard, &stderr)}
		begun := time.Now()
		r, err := l.Do(ctx)
		o = outcome{calls: strings.Join(f.calls, " "), code: ui.ExitCode(err), errs: ui.Lines(err), stderr: stderr.String(), took: time.Since(begun)}
		if r != nil {
			o.parts = len(r.Parts)
		}
	})
	return o
}

func TestLaunch(t *testing.T) {
	const whole = "submit begin collect delete"
	forever := func(*fake) (State, error) { return State{Ready: 2, Trouble: []string{"no node has room"}}, nil }
	for _, c := range []struct {
		name  string
		fake  fake
		after time.Duration // until Ctrl-C

		calls string
		parts int
		code  int
		err   string // in an error line; empty: there are none
		said  string // on standard error
		took  time.Duration
	}{
		{name: "all is well", fake: fake{look: asUsual, outputs: three()},
			calls: whole, parts: 3, said: "wsperf: warning: no node has room\n", took: 17500 * time.Millisecond},
		{name: "submit fails", fake: fake{submit: errors.New("no such program: kubectl"), look: asUsual},
			calls: "submit delete", code: ui.ExitFailed, err: "no such program: kubectl"},
		{name: "the parts may not be looked at", fake: fake{look: func(*fake) (State, error) { return State{}, errForbidden }},
			calls: "submit delete", code: ui.ExitFailed, err: "pods is forbidden"},
		{name: "a part is never ready", fake: fake{look: forever},
			calls: "submit delete", code: ui.ExitFailed, err: "2 of 3 parts were ready within 1m0s: see --ready-timeout: no node has room", took: time.Minute},
		{name: "a part ends before the begin",
			fake:  fake{look: func(*fake) (State, error) { return State{Ready: 2, Ended: 1}, nil }, outputs: []Output{{Name: "b", Words: "wsperf: no\x1b[2J\nwsperf: nor that\n"}}},
			calls: "submit collect delete", code: ui.ExitFailed, err: "1 of 3 parts ended before the run began|b: no [2J|b: nor that"},
		{name: "parts end before the begin and say nothing",
			fake:  fake{look: func(*fake) (State, error) { return State{Ready: 3, Ended: 3, Trouble: []string{"c: evicted"}}, nil }, outputs: []Output{{Name: "b"}}},
			calls: "submit collect delete", code: ui.ExitFailed, err: "3 of 3 parts ended before the run began", said: "wsperf: warning: c: evicted\n"},
		{name: "many parts end before the begin", fake: fake{look: func(*fake) (State, error) { return State{Ready: 4, Ended: 4}, nil },
			outputs: []Output{{Name: "a", Words: "no"}, {Name: "b", Words: "no"}, {Name: "c", Words: "no"}, {Name: "d", Words: "no"}}},
			calls: "submit collect delete", code: ui.ExitFailed, err: "4 of 3 parts ended before the run began|a: no|b: no|c: no"},
		{name: "the moment cannot be given", fake: fake{look: asUsual, begin: errors.New("cannot patch pods")},
			calls: "submit begin delete", code: ui.ExitFailed, err: "cannot patch pods", took: prepares},
		{name: "a part never ends", fake: fake{look: steady(State{Ready: 3, Ended: 2, Over: 2}), outputs: three()[:2]},
			calls: whole, parts: 2, said: "1 of 3 parts have not ended within 30s", took: prepares + 30*time.Second},
		{name: "a part is killed at once, and the others run on",
			fake: fake{look: fromBegin(func(f *fake) (State, error) {
				if time.Since(f.begun) > 20*time.Minute {
					return State{Ready: 3, Ended: 3, Over: 2}, nil
				}
				return State{Ready: 3, Ended: 1, Trouble: []string{"b: OOMKilled"}}, nil
			}), outputs: three()[:2]},
			calls: whole, parts: 2, said: "warning: b: OOMKilled", took: 20*time.Minute + 7500*time.Millisecond},
		{name: "the whole takes too long", fake: fake{look: fromBegin(func(f *fake) (State, error) {
			if !f.interrupted.IsZero() {
				return asUsual(f)
			}
			return State{Ready: 3}, nil
		}), outputs: three()},
			calls: "submit begin interrupt collect delete", parts: 3, code: ui.ExitFailed, err: "the run has not ended within 1h0m0s: see --timeout", took: time.Hour},
		{name: "Ctrl-C before the begin", fake: fake{look: forever}, after: time.Second,
			calls: "submit delete", code: ui.ExitInterrupted, err: "interrupted before the run began", took: time.Second},
		{name: "Ctrl-C in the run", fake: fake{look: asUsual, outputs: three()}, after: 10 * time.Second,
			calls: "submit begin interrupt collect delete", parts: 3, code: ui.ExitInterrupted, took: 11500 * time.Millisecond},
		{name: "Ctrl-C between the begin and its moment", fake: fake{look: asUsual}, after: 3 * time.Second,
			calls: "submit begin interrupt collect delete", code: ui.ExitInterrupted, err: "interrupted before the run began", took: 4500 * time.Millisecond},
		{name: "Ctrl-C, and a part does not end", fake: fake{look: steady(State{Ready: 3}), outputs: three()[:2]}, after: 10 * time.Second,
			calls: "submit begin interrupt collect delete", parts: 2, code: ui.ExitFailed, err: "some parts have not ended within 30s after the interrupt: see --grace",
			took: 40 * time.Second},
		{name: "Ctrl-C, and the parts cannot be interrupted", fake: fake{look: asUsual, interrupt: errForbidden, outputs: three()[:0]}, after: 10 * time.Second,
			calls: "submit begin interrupt collect delete", code: ui.ExitInterrupted, err: "interrupted before the run began", took: 10 * time.Second},
		{name: "a part's result is not found", fake: fake{look: asUsual, outputs: three()[:2], collect: errors.New("c: the node does not answer")},
			calls: whole, parts: 2, code: ui.ExitFailed, err: "c: the node does not answer", took: 17500 * time.Millisecond},
		{name: "a part has no result", fake: fake{look: asUsual, outputs: []Output{ofPart(0), {Name: "b", Words: "wsperf: no\x1b[2J\n"}, ofPart(2)}},
			calls: whole, parts: 2, said: "wsperf: warning: b: it has no result\nwsperf: warning: b: no [2J\n", took: 17500 * time.Millisecond},
		{name: "a part's result is torn", fake: fake{look: asUsual, outputs: []Output{ofPart(0), {Name: "b", Result: ofPart(1).Result[:900]}}},
			calls: whole, parts: 1, said: "wsperf: warning: b: ", took: 17500 * time.Millisecond},
		{name: "a part is there twice", fake: fake{look: asUsual, outputs: []Output{ofPart(0), ofPart(0), ofPart(2)}},
			calls: whole, parts: 2, said: "wsperf: warning: part-0: part 0 is in part-0 already\n", took: 17500 * time.Millisecond},
		{name: "parts have warnings", fake: fake{look: asUsual, outputs: []Output{ofPart(0), warned(1), warned(2)}},
			calls: whole, parts: 3, said: "wsperf: warning: parts warn: too few  [31mports\n", took: 17500 * time.Millisecond},
		{name: "no part has a result", fake: fake{look: asUsual},
			calls: whole, code: ui.ExitFailed, err: "no part has a result", took: 17500 * time.Millisecond},
		{name: "delete fails", fake: fake{look: asUsual, outputs: three(), delete: errors.New("jobs is forbidden")},
			calls: whole, parts: 3, code: ui.ExitFailed, err: "job fake was not deleted: jobs is forbidden", took: 17500 * time.Millisecond},
		{name: "the engine does not answer for a while", fake: fake{look: func(f *fake) (State, error) {
			if time.Now().Second()%5 != 0 {
				return State{}, errors.New("connection refused")
			}
			return asUsual(f)
		}, outputs: three()},
			calls: whole, parts: 3, said: "wsperf: warning: connection refused\n", took: 20500 * time.Millisecond},
		{name: "the engine never answers", fake: fake{look: func(f *fake) (State, error) { return State{}, errors.New("connection refused") }},
			calls: "submit delete", code: ui.ExitFailed, err: "0 of 3 parts were ready within 1m0s: see --ready-timeout: connection refused", took: time.Minute},
		{name: "the engine refuses in the run", fake: fake{look: fromBegin(func(*fake) (State, error) { return State{}, errForbidden }), outputs: three()},
			calls: whole, parts: 3, code: ui.ExitFailed, err: "pods is forbidden", took: prepares},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := do(t, &c.fake, c.after, false)
			var want []string
			if c.err != "" {
				want = strings.Split(c.err, "|")
			}
			if o.calls != c.calls || o.parts != c.parts || o.code != c.code || !slices.Equal(o.errs, want) || o.took != c.took {
				t.Errorf("%s: %d parts, exit code %d after %v, errors %q\nwant %s: %d parts, exit code %d after %v, errors %q",
					o.calls, o.parts, o.code, o.took, o.errs, c.calls, c.parts, c.code, c.took, want)
			}
			if n := strings.Count(o.stderr, c.said); c.said != "" && n != 1 {
				t.Errorf("%q stands %d times in\n%s", c.said, n, o.stderr)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	o := do(t, &fake{look: asUsual, outputs: three()}, 0, true)
	if o.calls != "submit begin collect" || !strings.HasSuffix(o.stderr, "wsperf: job fake was kept\n") {
		t.Errorf("%s\n%s", o.calls, o.stderr)
	}
}

// TestTroublesAreBounded: an engine can have a trouble with another number each time.
func TestTroublesAreBounded(t *testing.T) {
	n := 0
	f := &fake{look: func(*fake) (State, error) {
		n++
		return State{Trouble: []string{fmt.Sprintf("restarted %d times", n)}}, nil
	}}
	if o := do(t, f, 0, false); n < 100 || strings.Count(o.stderr, "warning") != maxTold {
		t.Errorf("%d warnings of %d troubles", strings.Count(o.stderr, "warning"), n)
	}
}
