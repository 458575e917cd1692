package bottleneck

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
)

const (
	// leastHits is the share of the runs of a scenario whose verdict must be right.
	leastHits = 0.95

	// tries is how often a scenario is made in an ordinary test: a verdict that is wrong 1 time in
	// 20 is wrong three times in a row 1 time in 8000.
	tries = 3

	// mostWrong is how many tries of an ordinary test may be wrong without a disturbance.
	mostWrong = 1

	// mostOthers is how many CPUs other programs may use. With more, what bounds the run is not
	// what the scenario wants.
	mostOthers = 0.1
)

// count counts the runs of a scenario.
type count struct {
	runs                   int // that are wanted; 0: an ordinary test
	made, right, disturbed int // disturbed: wrong ones on a busy machine
	want                   []stats.Bottleneck
	wrong                  []string
	mostOthers             float64
	skipped                bool
}

// goesOn reports whether another run is to be made.
func (c *count) goesOn() bool {
	if c.skipped || c.runs > 0 {
		return !c.skipped && c.made < c.runs
	}
	return c.right == 0 && c.made < tries
}

// add counts a run that came to a verdict, and reports whether it is right.
func (c *count) add(got stats.Bottleneck, right []stats.Bottleneck, others float64, busy bool) bool {
	for _, kind := range right {
		if !slices.Contains(c.want, kind) {
			c.want = append(c.want, kind)
		}
	}
	c.mostOthers = max(c.mostOthers, others)
	if slices.Contains(right, got) {
		c.right++
		return true
	}
	c.wrong = append(c.wrong, string(got))
	if busy {
		c.disturbed++
	}
	return false
}

// passes reports whether enough verdicts are right.
func (c *count) passes() bool {
	if c.runs == 0 {
		return c.right > 0
	}
	return float64(c.right) >= leastHits*float64(c.made)
}

// excused reports whether the machine can be why a scenario does not pass: it would, if the runs that
// it disturbed were right.
func (c *count) excused() bool {
	if c.runs == 0 {
		return c.disturbed > 0 && c.made-c.disturbed <= mostWrong
	}
	return float64(c.right+c.disturbed) >= leastHits*float64(c.made)
}

func (c *count) String() string {
	if c.skipped {
		return "skipped"
	}
	return strings.TrimSpace(fmt.Sprintf("%2d of %2d  %s", c.right, c.made, strings.Join(c.wrong, " ")))
}

// judge ends the test of a scenario.
func (c *count) judge(t *testing.T) {
	switch {
	case c.skipped:
		t.Skip("see its run")
	case c.passes():
	case c.excused():
		t.Skipf("the machine is busy: %v, it disturbed %d", c, c.disturbed)
	default:
		t.Errorf("right: %v", c)
	}
}

// TestCount: disturbed runs excuse only as many wrong verdicts as they are.
func TestCount(t *testing.T) {
	const ok, excused, fails = "passes", "is excused", "fails"
	for _, c := range []struct {
		is   count
		want string
	}{
		{count{made: 1, right: 1}, ok},
		{count{made: 3, right: 1}, ok},
		{count{made: 3}, fails},
		{count{made: 3, disturbed: 1}, fails},
		{count{made: 3, disturbed: 2}, excused},
		{count{made: 3, disturbed: 3}, excused},
		{count{runs: 20, made: 20, right: 20}, ok},
		{count{runs: 20, made: 20, right: 19}, ok},
		{count{runs: 20, made: 20, right: 18}, fails},
		{count{runs: 20, made: 20, right: 18, disturbed: 1}, excused},
		{count{runs: 20, made: 20, right: 15, disturbed: 1}, fails},
	} {
		got := fails
		switch {
		case c.is.passes():
			got = ok
		case c.is.excused():
			got = excused
		}
		if got != c.want {
			t.Errorf("%+v %s, want that it %s", c.is, got, c.want)
		}
	}
}

// TestAdd: only a wrong verdict is disturbed.
func TestAdd(t *testing.T) {
	c := count{}
	c.add(stats.BottleneckClient, only(stats.BottleneckClient), 0.5, true)
	c.add(stats.BottleneckTestee, only(stats.BottleneckClient), 0.01, false)
	c.add(stats.BottleneckQuota, only(stats.BottleneckClient), 0.2, true)
	if c.right != 1 || c.disturbed != 1 || strings.Join(c.wrong, " ") != "testee quota" || c.mostOthers != 0.5 || len(c.want) != 1 {
		t.Errorf("%+v", c)
	}
}
