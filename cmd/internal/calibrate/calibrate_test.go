package calibrate

import (
	"fmt"
	"slices"
	"testing"

	"wsperf/cmd/internal/job"
	"wsperf/stats"
)

func TestLoads(t *testing.T) {
	asked := job.Default()
	asked.Loops = 1
	pinned := job.Default()
	pinned.CPUs = []int{2}
	for _, c := range []struct {
		name    string
		options job.Options
		allowed []int
		against []string
		cpus    [][]int // that are asked for
	}{
		{"usual", job.Default(), []int{1, 2, 3}, []string{"the built-in testee", "a testee on this machine", "a testee elsewhere"}, [][]int{nil, nil, {1, 2, 3}}},
		{"one CPU", job.Default(), []int{3}, []string{"the built-in testee or one elsewhere", "a testee on this machine"}, [][]int{nil, nil}},
		{"loops", asked, []int{1, 2, 3}, []string{"any testee, with these loops and CPUs"}, [][]int{nil}},
		{"CPUs", pinned, []int{2}, []string{"any testee, with these loops and CPUs"}, [][]int{{2}}},
	} {
		var against []string
		var cpus [][]int
		for _, l := range loads(c.options, c.allowed) {
			against, cpus = append(against, l.against), append(cpus, l.options.CPUs)
		}
		if !slices.Equal(against, c.against) || !slices.EqualFunc(cpus, c.cpus, slices.Equal) {
			t.Errorf("%s: %q, CPUs %v", c.name, against, cpus)
		}
	}
}

// TestSecureLoads: wsperf run has no built-in testee of wss://, and so no placement for it.
func TestSecureLoads(t *testing.T) {
	pinned := Default()
	pinned.CPUs, pinned.Resumed = []int{2}, []float64{30}
	for _, c := range []struct {
		name    string
		options Options
		allowed []int
		want    string
	}{
		{"usual", Default(), []int{1, 2}, "a testee on this machine [] 0 false; a testee on this machine [] 100 false; a testee elsewhere [1 2] 0 false; a testee elsewhere [1 2] 100 false; "},
		{"one CPU", Default(), []int{3}, "a testee on this machine [] 0 false; a testee on this machine [] 100 false; a testee elsewhere [3] 0 false; a testee elsewhere [3] 100 false; "},
		{"CPUs and a share", pinned, []int{1, 2}, "any testee, with these loops and CPUs [2] 30 true; "},
	} {
		got := ""
		for _, l := range secureLoads(c.options, c.allowed) {
			got += fmt.Sprint(l.against, " ", l.options.CPUs, " ", l.options.TLS.ResumePercent, " ", l.apart, "; ")
			if !job.Secure(l.options.URL) {
				t.Errorf("%s: URL %s", c.name, l.options.URL)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestDoubt(t *testing.T) {
	if got := doubt(&stats.Result{Counts: stats.Counts{Total: 3, Success: 3}}); got != "" {
		t.Errorf("without a failure: %q", got)
	}
	const want = "2 of 3 handshakes with the built-in testee failed: the machine may be able to do more"
	if got := doubt(&stats.Result{Counts: stats.Counts{Total: 3, Success: 1, Fail: 2}}); got != want {
		t.Errorf("%q", got)
	}
}
