package stats

import (
	"strings"
	"testing"
)

// TestKept: an offered rate was kept if 999 of 1000 starts were made, and 99 of 100 of
// them within a millisecond. Starts of failed connections count as well.
func TestKept(t *testing.T) {
	for _, c := range []struct {
		name      string
		mode      Mode
		due, owed uint64
		lateUs    int64
		late      int // of 1000 starts
		want      bool
	}{
		{"closed loop", ModeClosed, 0, 0, 5e6, 1000, true},
		{"unknown", "", 0, 0, 5e6, 1000, true},
		{"all made in time", ModeOpen, 1000, 0, 1000, 1000, true},
		{"one owed", ModeOpen, 1000, 1, 0, 0, true},
		{"two owed", ModeOpen, 1000, 2, 0, 0, false},
		{"10 late", ModeOpen, 1000, 0, 2000, 10, true},
		{"20 late", ModeOpen, 1000, 0, 2000, 20, false},
	} {
		r := newResult()
		r.Load = LoadResult{Mode: c.mode, Due: c.due, Owed: c.owed}
		for i := range 1000 {
			us := int64(30)
			if i < c.late {
				us = c.lateUs
			}
			late := &r.Phases[PhaseLate]
			if i%2 == 0 {
				_ = late.Success.RecordValue(us)
			} else {
				_ = late.Failure.RecordValue(us)
			}
		}
		if got := r.Kept(); got != c.want {
			t.Errorf("%s: kept %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCheckLoad(t *testing.T) {
	for _, c := range []struct {
		load     LoadResult
		arrivals Arrivals
		want     string
	}{
		{LoadResult{}, "", ""},
		{LoadResult{ModeOpen, 100, 10, 10, LeftOut{2, 2}}, ArrivalsPoisson, ""},
		{LoadResult{Mode: "ajar"}, "", `load mode "ajar": must be closed or open`},
		{LoadResult{Mode: ModeOpen, Offered: -1}, "", "offered rate -1: must be 0 or more"},
		{LoadResult{Mode: ModeOpen, Due: 1, Owed: 2}, "", "starts owed (2) are more than starts due (1)"},
		{LoadResult{LeftOut: LeftOut{1, 2}}, "", "failures of the warm-up (2) are more than its connections (1)"},
		{LoadResult{Mode: ModeOpen}, "\x1b[2J", `arrivals "\x1b[2J": must be even or poisson`},
	} {
		r := newResult()
		r.Load, r.Setup.Arrivals = c.load, c.arrivals
		got := ""
		if err := r.Check(); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", c.load, got, c.want)
		}
	}
}

// TestLoadsAreMerged: what processes offered at the same time adds up.
func TestLoadsAreMerged(t *testing.T) {
	a, b := newResult(), newResult()
	a.Load, b.Load = LoadResult{ModeOpen, 100, 1000, 1, LeftOut{5, 1}}, LoadResult{ModeOpen, 50.5, 505, 2, LeftOut{7, 2}}
	a.Setup.Rate, b.Setup.Rate = 100, 50.5
	merged, err := MergeResults(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if want := (LoadResult{ModeOpen, 150.5, 1505, 3, LeftOut{12, 3}}); merged.Load != want || merged.Setup.Rate != 150.5 {
		t.Errorf("%+v at rate %v, want %+v", merged.Load, merged.Setup.Rate, want)
	}
	b.Load = LoadResult{Mode: ModeClosed}
	if merged, err = MergeResults(a, b); err != nil || merged.Load.Mode != "" {
		t.Errorf("mode %q, %v, want none", merged.Load.Mode, err)
	}
}
