package stats

import (
	"testing"
	"time"
)

func TestLoadedHandshakesPerSecond(t *testing.T) {
	for _, c := range []struct {
		name    string
		loaded  LoadedResult
		success uint64
		want    float64 // 0: there is no rate
	}{
		{"not known", LoadedResult{}, 10, 0},
		{"drain left out", LoadedResult{0, 2e9, 90}, 100, 45},
		{"half of all", LoadedResult{0, 1e9, 5}, 10, 5},
		{"fewer than half", LoadedResult{0, 1e9, 4}, 9, 0},
		{"all started at once", LoadedResult{7, 7, 0}, 10, 0},
		{"no success", LoadedResult{0, 1e9, 0}, 0, 0},
	} {
		r := &Result{Counts: Counts{Success: c.success}, Loaded: c.loaded}
		if got, ok := r.LoadedHandshakesPerSecond(); got != c.want || ok != (c.want > 0) && c.success > 0 {
			t.Errorf("%s: %v, %v, want %v", c.name, got, ok, c.want)
		}
	}
}

func TestLoadedWindowsAreMerged(t *testing.T) {
	base := time.Now()
	result := func(first, last time.Duration, success uint64) *Result {
		r := newResult()
		r.Started, r.Ended = base, base.Add(time.Minute)
		r.Loaded = LoadedResult{base.Add(first).UnixNano(), base.Add(last).UnixNano(), success}
		return r
	}
	merged, err := MergeResults(result(2, 10, 3), result(1, 9, 4))
	if err != nil {
		t.Fatal(err)
	}
	if want := result(1, 10, 7).Loaded; merged.Loaded != want {
		t.Errorf("merged %v, want %v", merged.Loaded, want)
	}
	older := result(0, 0, 0)
	older.Loaded = LoadedResult{}
	if merged, err = MergeResults(result(2, 10, 3), older); err != nil || merged.Loaded != older.Loaded {
		t.Errorf("with an older file: %v, error %v", merged.Loaded, err)
	}
}

func TestLoadedWindowIsWithinTheMeasuredOne(t *testing.T) {
	base := time.Now()
	at := func(s int64) int64 { return base.UnixNano() + s*1e9 }
	for _, c := range []struct {
		loaded LoadedResult
		valid  bool
	}{
		{LoadedResult{}, true},
		{LoadedResult{at(0), at(60), 0}, true},
		{LoadedResult{at(-1), at(60), 0}, false},
		{LoadedResult{at(0), at(61), 0}, false},
		{LoadedResult{at(2), at(1), 0}, false},
		{LoadedResult{1, 2, 0}, false},
	} {
		r := &Result{Started: base, Ended: base.Add(time.Minute), Loaded: c.loaded}
		if err := r.checkLoaded(); (err == nil) != c.valid {
			t.Errorf("%v: %v", c.loaded, err)
		}
	}
}
