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
		want    float64
		ok      bool
	}{
		{"not known", LoadedResult{}, 10, 0, false},
		{"drain left out", LoadedResult{0, 2e9, 90, 0}, 100, 45, true},
		{"with those of the warm-up", LoadedResult{0, 2e9, 90, 10}, 100, 50, true},
		{"half of all", LoadedResult{0, 1e9, 5, 0}, 10, 5, true},
		{"half of an odd number", LoadedResult{0, 1e9, 5, 0}, 9, 5, true},
		{"fewer than half", LoadedResult{0, 1e9, 4, 0}, 9, 0, false},
		{"all started at once", LoadedResult{7, 7, 0, 0}, 10, 0, false},
		{"one connection", LoadedResult{7, 7, 0, 0}, 1, 0, false},
		{"one connection that fails", LoadedResult{7, 7, 0, 0}, 0, 0, false},
		{"all fail", LoadedResult{0, 1e9, 0, 0}, 0, 0, true},
	} {
		r := &Result{Counts: Counts{Success: c.success}, Loaded: c.loaded}
		if got, ok := r.LoadedHandshakesPerSecond(); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestLoadedWindowsAreMerged(t *testing.T) {
	base := time.Now()
	result := func(first, last time.Duration, success uint64) *Result {
		r := newResult()
		r.Started, r.Ended = base, base.Add(time.Minute)
		r.Loaded = LoadedResult{base.Add(first).UnixNano(), base.Add(last).UnixNano(), success, success / 3}
		return r
	}
	merged, err := MergeResults(result(2, 10, 3), result(1, 9, 4))
	if err != nil {
		t.Fatal(err)
	}
	if want := result(1, 10, 7).Loaded; merged.Loaded != want {
		t.Errorf("merged %v, want %v", merged.Loaded, want)
	}
	none := result(0, 0, 0) // such as that of a process that was interrupted before its first start
	none.Loaded = LoadedResult{}
	for _, rs := range [][]*Result{{result(2, 10, 3), none}, {none, result(2, 10, 3)}, {none, none, result(2, 10, 3)}} {
		if merged, err = MergeResults(rs...); err != nil || merged.Loaded != result(2, 10, 3).Loaded {
			t.Errorf("with a process that started nothing: %v, error %v", merged.Loaded, err)
		}
	}
	older := result(0, 0, 0)
	older.Total, older.Success, older.Loaded = 1, 1, LoadedResult{}
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
		{LoadedResult{at(0), at(60), 0, 0}, true},
		{LoadedResult{at(-1), at(60), 0, 0}, false},
		{LoadedResult{at(0), at(61), 0, 0}, false},
		{LoadedResult{at(2), at(1), 0, 0}, false},
		{LoadedResult{1, 2, 0, 0}, false},
	} {
		r := &Result{Started: base, Ended: base.Add(time.Minute), Loaded: c.loaded}
		if err := r.checkLoaded(); (err == nil) != c.valid {
			t.Errorf("%v: %v", c.loaded, err)
		}
	}
}
