package stats

import (
	"math"
	"testing"
)

func tallied() *Result {
	t := NewTally()
	t.Add(Timing{ConnectUs: 10, OpenUs: 20, CloseUs: 30})
	t.Add(Timing{ConnectUs: math.MaxInt64, OpenUs: -897676679, CloseUs: 0, Failed: true})
	t.Add(Timing{ConnectUs: maxTrackableUs, OpenUs: maxTrackableUs + 1, CloseUs: 0})
	return t.Result()
}

func TestTally(t *testing.T) {
	r := tallied()
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if r.Total != 3 || r.Success != 2 || r.Fail != 1 || r.Unmeasured != (UnmeasuredResult{Success: 2, Fail: 1}) {
		t.Errorf("total %d, success %d, fail %d, unmeasured %v", r.Total, r.Success, r.Fail, r.Unmeasured)
	}
	tests := []struct {
		phase             Phase
		us                int64 // of a success
		success, fail     int64
		overruns, leftOut uint64
	}{
		{PhaseConnect, 10, 2, 1, 1, 0},
		{PhaseOpen, 20, 2, 0, 1, 1},
		{PhaseClose, 30, 2, 1, 0, 0},
		{PhaseFin, 0, 0, 0, 0, 0},
		{PhaseTotal, 0, 0, 0, 0, 0},
	}
	for _, test := range tests {
		p := &r.Phases[test.phase]
		if p.Success.TotalCount() != test.success || p.Failure.TotalCount() != test.fail {
			t.Errorf("%v: %d successes, %d failures", test.phase, p.Success.TotalCount(), p.Failure.TotalCount())
		}
		if p.Overruns != test.overruns || p.Underruns != 0 || p.LeftOut != test.leftOut {
			t.Errorf("%v: %d overruns, %d underruns, %d left out", test.phase, p.Overruns, p.Underruns, p.LeftOut)
		}
		if test.success > 0 && countAt(p.Success, test.us) != 1 {
			t.Errorf("%v: %d successes at %d us, want 1", test.phase, countAt(p.Success, test.us), test.us)
		}
	}
}

// TestNegativeSuccessFailsTheCheck: nothing may turn a duration below 0 into one of 0.
func TestNegativeSuccessFailsTheCheck(t *testing.T) {
	tally := NewTally()
	tally.Add(Timing{ConnectUs: 1, OpenUs: -1, CloseUs: 1})
	want := "successes in phase open (0) differ from successes (1)"
	if err := tally.Result().Check(); err == nil || err.Error() != want {
		t.Errorf("Check() = %v, want %s", err, want)
	}
}

func TestTallyMergesWithARun(t *testing.T) {
	run := checkable(t)
	merged, err := MergeResults(run, tallied(), tallied())
	if err != nil {
		t.Fatal(err)
	}
	if err := merged.Check(); err != nil {
		t.Error(err)
	}
	if leftOut := merged.Phases[PhaseOpen].LeftOut; leftOut != 2 {
		t.Errorf("%d values of open left out, want 2", leftOut)
	}
	if merged.Total != run.Total+6 || merged.Unmeasured.Total() != 6 {
		t.Errorf("total %d, unmeasured %d", merged.Total, merged.Unmeasured.Total())
	}
}

func TestTallyAllocatesNothingPerConnection(t *testing.T) {
	tally := NewTally()
	if n := testing.AllocsPerRun(100, func() { tally.Add(Timing{OpenUs: 5, CloseUs: -1}) }); n != 0 {
		t.Errorf("%v allocations per connection", n)
	}
}
