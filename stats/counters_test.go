package stats

import (
	"reflect"
	"testing"
)

func TestMergeCounters(t *testing.T) {
	of := func(userOnly bool, absent map[string]string, counts map[string]uint64) *Result {
		return &Result{Counts: Counts{Total: 1}, Counters: Counters{counts, absent, userOnly}}
	}
	type counts = map[string]uint64
	type absent = map[string]string
	older, idle := &Result{Counts: Counts{Total: 1}}, &Result{}
	both := of(false, nil, counts{"cycles": 5, "instructions": 7})
	some := of(false, absent{"instructions": "ENOENT"}, counts{"cycles": 6})
	none := of(false, absent{"cycles": "ENOENT", "instructions": "ENOENT"}, nil)
	for _, c := range []struct {
		name string
		rs   []*Result
		want Counters
	}{
		{"one", []*Result{both}, both.Counters},
		{"two", []*Result{both, both}, Counters{Counts: counts{"cycles": 10, "instructions": 14}}},
		{"absent in one", []*Result{both, some, both}, Counters{counts{"cycles": 16}, absent{"instructions": notInAll}, false}},
		{"absent in the first", []*Result{some, both}, Counters{counts{"cycles": 11}, absent{"instructions": notInAll}, false}},
		{"absent in all", []*Result{none, none}, none.Counters},
		{"user space", []*Result{of(true, nil, counts{"cycles": 1}), of(true, nil, counts{"cycles": 2})}, Counters{counts{"cycles": 3}, nil, true}},
		{"user space in one", []*Result{both, of(true, nil, counts{"cycles": 2})}, Counters{}},
		{"older", []*Result{both, older}, Counters{}},
		{"no connection", []*Result{idle, both}, both.Counters},
		{"too many", []*Result{of(false, nil, counts{"cycles": maxCounted}), both}, Counters{Counts: counts{"cycles": maxCounted}, Absent: absent{"instructions": notInAll}}},
	} {
		var s counterSum
		for _, r := range c.rs {
			s.add(r)
		}
		got := s.sum
		same := len(got.Counts) == len(c.want.Counts) && len(got.Absent) == len(c.want.Absent) && got.UserOnly == c.want.UserOnly
		for name, n := range c.want.Counts {
			same = same && got.Counts[name] == n
		}
		for name, reason := range c.want.Absent {
			same = same && got.Absent[name] == reason
		}
		if !same {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if want := (counts{"cycles": 5, "instructions": 7}); !reflect.DeepEqual(both.Counters.Counts, want) {
		t.Errorf("merging has changed its argument: %v", both.Counters)
	}
}
