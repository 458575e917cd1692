package stats

import (
	"math"
	"testing"
)

func tallied() *Result {
	t := NewTally()
	t.Add(Timing{ConnectUs: 10, OpenUs: 20, CloseUs: 30})
	t.Add(Timing{ConnectUs: math.MaxInt64, OpenUs: -897676679, CloseUs: 0, Failed: true})
	t.Add(Timing{ConnectUs: maxTrackableUs, OpenUs: maxTrackableUs + 1, CloseUs: math.MinInt64})
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
		phase               Phase
		us                  int64 // of a success
		success, fail       int64
		overruns, underruns uint64
	}{
		{PhaseConnect, 10, 2, 1, 1, 0},
		{PhaseOpen, 20, 2, 1, 1, 1},
		{PhaseClose, 30, 2, 1, 0, 1},
		{PhaseFin, 0, 0, 0, 0, 0},
		{PhaseTotal, 0, 0, 0, 0, 0},
	}
	for _, test := range tests {
		p := &r.Phases[test.phase]
		if p.Success.TotalCount() != test.success || p.Failure.TotalCount() != test.fail {
			t.Errorf("%v: %d successes, %d failures", test.phase, p.Success.TotalCount(), p.Failure.TotalCount())
		}
		if p.Overruns != test.overruns || p.Underruns != test.underruns {
			t.Errorf("%v: %d overruns, %d underruns", test.phase, p.Overruns, p.Underruns)
		}
		if test.success > 0 && countAt(p.Success, test.us) != 1 {
			t.Errorf("%v: %d successes at %d us, want 1", test.phase, countAt(p.Success, test.us), test.us)
		}
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
