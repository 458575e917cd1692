package search

import (
	"bufio"
	"bytes"
	"errors"
	"testing"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

const wantLines = `        rate      achieved  outcome   ready.q99 < 10ms  fail% == 0
       100/s         999/s  met       312 us            0 %
   1234.57/s         999/s  missed    250.239 ms unmet  0.5 % unmet
  12345678/s             -  not kept  7.003 ms          0 %
              The offered rate was not kept: 900 of 1000 starts that were due were made (90.0 %), 1 % of them 7003 us late or more.

The answer.

At 1234.57/s:

Causes of failure

  open_status                     5 (503: 5)
`

// TestLines has a step of each outcome, and what a testee said to it.
func TestLines(t *testing.T) {
	texts := []string{"ready.q99 < 10ms", "fail% == 0"}
	var out bytes.Buffer
	l := newLines(bufio.NewWriter(&out), requirements(t, texts...))
	missed, notKept := result(t), result(t)
	fail(missed, stats.CauseOpenStatus, 5)
	missed.StatusCodes = map[int]uint64{503: 5}
	owe(notKept)
	notKept.Loaded.Success = 100
	late(t, notKept, 7*time.Millisecond)
	for _, s := range []struct {
		rate  float64
		ready int64 // microseconds
		r     *stats.Result
	}{{100, 312, result(t)}, {1234.5678, 250123, missed}, {12345678, 7000, notKept}} {
		s.r.Setup.Rate = s.rate
		if err := s.r.Phases[stats.PhaseReady].Success.RecordValue(s.ready); err != nil {
			t.Fatal(err)
		}
		o := outcomeOf(check(t, s.r, texts...))
		step, err := newStep(s.rate, o, s.r)
		if err := errors.Join(err, l.step(step, s.r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.answer("The answer.", missed); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != wantLines {
		t.Errorf("got\n%s\nwant\n%s", got, wantLines)
	}
}

var errStopped = errors.New("stopped")

// TestAnswer has each way in which a search can end, and its exit code.
func TestAnswer(t *testing.T) {
	low, missed, limited := &Tally{2900, 3, 1, 0}, &Tally{3040, 0, 2, 1}, &Tally{3040, 1, 0, 2}
	for _, c := range []struct {
		low, high *Tally
		stopped   error
		text      string
		exit      int
	}{
		{low, missed, nil, "Highest rate: 2900/s (met 3 of 4); 3040/s is too much (missed 2 of 3).", 0},
		{low, limited, nil, "Highest rate: 2900/s (met 3 of 4); 3040/s is the client's own limit (not kept 2 of 3), and the testee's can be higher.", 0},
		{low, nil, nil, "Highest rate: 2900/s or more (met 3 of 4), and no higher rate was to be tried.", 0},
		{nil, missed, nil, "No rate meets the requirements: 3040/s is too much (missed 2 of 3).", 3},
		{nil, limited, nil, "No rate is known to meet the requirements: 3040/s is the client's own limit (not kept 2 of 3), and the testee's can be higher.", 1},
		{nil, nil, errStopped, "Not complete: nothing is known of the highest rate.", 0},
		{low, nil, errStopped, "Not complete: the highest rate is 2900/s or more (met 3 of 4).", 0},
		{nil, missed, errStopped, "Not complete: the highest rate is below 3040/s (missed 2 of 3).", 0},
		{nil, limited, errStopped, "Not complete: nothing is known of the testee, and the client's own limit is below 3040/s (not kept 2 of 3).", 0},
		{low, missed, errStopped, "Not complete: the highest rate is 2900/s or more (met 3 of 4), and below 3040/s (missed 2 of 3).", 0},
		{low, limited, errStopped, "Not complete: the highest rate is 2900/s or more (met 3 of 4), and the client's own limit is below 3040/s (not kept 2 of 3).", 0},
	} {
		e := ending{Bracket{c.low, c.high}, c.stopped == nil}
		if got := e.text(); got != c.text {
			t.Errorf("got  %s\nwant %s", got, c.text)
		}
		if got := ui.ExitCode(e.verdict()); got != c.exit {
			t.Errorf("%s\nexit code %d, want %d", c.text, got, c.exit)
		}
	}
}

// TestReason: failures are shown if they are those of the rate that the testee could not do.
func TestReason(t *testing.T) {
	failed := result(t)
	for _, c := range []struct {
		name   string
		high   *Tally
		failed *stats.Result
		shown  bool
	}{
		{"no high end", nil, failed, false},
		{"no failures", &Tally{1000, 0, 2, 0}, nil, false},
		{"failures", &Tally{1000, 0, 2, 0}, failed, true},
		{"the client's limit", &Tally{1000, 0, 1, 2}, failed, false},
		{"at another rate", &Tally{2000, 0, 2, 0}, failed, false},
	} {
		r := &searching{failed: c.failed}
		if got := r.reason(ending{Bracket{nil, c.high}, true}); (got != nil) != c.shown {
			t.Errorf("%s: shown %v", c.name, got != nil)
		}
	}
}

func TestRateText(t *testing.T) {
	for rate, want := range map[float64]string{
		1: "1/s", 2828: "2828/s", 1.414: "1.414/s", 1e7: "10000000/s", 9999999: "9999999/s", 100.0 / 60: "1.66667/s", 100000: "100000/s", 282800: "282800/s", 1234567.8: "1234568/s",
	} {
		if got := rateText(rate); got != want {
			t.Errorf("%v: %s, want %s", rate, got, want)
		}
	}
}
