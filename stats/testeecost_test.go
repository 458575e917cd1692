package stats

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// TestTesteeCostsAreMerged: runs at the same time saw the same processes, and those one after
// the other did not.
func TestTesteeCostsAreMerged(t *testing.T) {
	from := time.Unix(1000, 0)
	at := func(address string, second int, c TesteeCost) *Result {
		r := newResult()
		r.Total, r.TesteeCost, r.Setup.Address = 1, c, address
		r.Started, r.Ended = from.Add(time.Duration(second)*time.Second), from.Add(time.Duration(second+2)*time.Second)
		return r
	}
	a := TesteeCost{FoundBy: FoundBySocket, Processes: 2, Threads: 5, UserUs: 100, SystemUs: 10, BusiestShare: 0.5, RunWaitUs: 7,
		InvoluntarySwitches: 3, PeakMemoryBytes: 90, MemoryBytes: 80, Descriptors: 9, CPUs: 2, AllowedCPUs: "0-1", QuotaCPUs: 1}
	b := TesteeCost{FoundBy: FoundByPID, Processes: 1, Ended: 1, Threads: 8, UserUs: 90, SystemUs: 10, BusiestShare: 0.75, RunWaitUs: 1,
		InvoluntarySwitches: 1, PeakMemoryBytes: 95, MemoryBytes: 70, Descriptors: 4, CPUs: 1, AllowedCPUs: "1", Hidden: 1, Missed: 2}
	sum := TesteeCost{Processes: 2, Ended: 1, Threads: 8, UserUs: 190, SystemUs: 20, BusiestShare: 0.75, RunWaitUs: 8,
		InvoluntarySwitches: 4, PeakMemoryBytes: 95, MemoryBytes: 80, Descriptors: 9, Hidden: 1, Missed: 2}
	counted := func(c TesteeCost, userOnly bool, cycles, misses uint64) TesteeCost {
		c.Counters = Counters{map[string]uint64{"cycles": cycles}, map[string]string{"instructions": "ENOENT"}, userOnly}
		if misses > 0 {
			c.Counters.Counts["cache_misses"] = misses
		}
		return c
	}
	lacksMisses := counted(sum, false, 12, 0)
	lacksMisses.Counters.Absent["cache_misses"] = notInAll
	elsewhere, notInAll := TesteeCost{Unknown: TesteeElsewhere}, TesteeCost{Unknown: TesteeNotInAll}
	idle := TesteeCost{FoundBy: FoundByPID, Processes: 1}
	none := newResult() // it started nothing
	for name, c := range map[string]struct {
		results []*Result
		want    TesteeCost
	}{
		"one":                                  {[]*Result{at("x", 0, a)}, a},
		"at the same time":                     {[]*Result{at("x", 0, a), at("x", 1, b)}, a},
		"a chain of times":                     {[]*Result{at("x", 0, b), at("x", 1, b), at("x", 2, a)}, a},
		"one after the other":                  {[]*Result{at("x", 0, a), at("x", 2, b)}, sum},
		"at the same time, two testees":        {[]*Result{at("x", 0, a), at("y", 0, b)}, sum},
		"counted at the same time":             {[]*Result{at("x", 0, counted(a, false, 5, 1)), at("x", 1, counted(b, false, 7, 1))}, counted(a, false, 5, 1)},
		"counted one after the other":          {[]*Result{at("x", 0, counted(a, false, 5, 2)), at("x", 2, counted(b, false, 7, 1))}, counted(sum, false, 12, 3)},
		"one event counted in one":             {[]*Result{at("x", 0, counted(a, false, 5, 2)), at("x", 2, counted(b, false, 7, 0))}, lacksMisses},
		"counted in one of two":                {[]*Result{at("x", 0, counted(a, false, 5, 2)), at("x", 2, b)}, sum},
		"in user space in one of two":          {[]*Result{at("x", 0, counted(a, true, 5, 2)), at("x", 2, counted(b, false, 7, 1))}, sum},
		"seen by one of two":                   {[]*Result{at("x", 0, elsewhere), at("x", 1, a)}, a},
		"seen idle by one of two":              {[]*Result{at("x", 0, elsewhere), at("x", 1, idle)}, idle},
		"seen by one after the other":          {[]*Result{at("x", 0, a), at("x", 5, elsewhere)}, notInAll},
		"and by none of three":                 {[]*Result{at("x", 0, elsewhere), at("x", 5, elsewhere), at("y", 9, elsewhere)}, elsewhere},
		"an older file after the other":        {[]*Result{at("x", 0, a), at("x", 5, TesteeCost{})}, notInAll},
		"older files":                          {[]*Result{at("x", 0, TesteeCost{}), at("x", 5, TesteeCost{})}, TesteeCost{}},
		"not known of one, and then two known": {[]*Result{at("x", 0, elsewhere), at("x", 5, a), at("x", 9, b)}, notInAll},
		"one without a connection":             {[]*Result{none, at("x", 0, a)}, a},
	} {
		backwards := slices.Clone(c.results)
		slices.Reverse(backwards)
		for _, rs := range [][]*Result{c.results, backwards} {
			var s costSum
			for _, r := range rs {
				s.add(r)
			}
			got := s.result()
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
			if err := (&Result{TesteeCost: got}).checkTesteeCost(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
