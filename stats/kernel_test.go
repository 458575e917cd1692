package stats

import "testing"

// TestKernelIsMerged: runs at the same time on a machine count the same events, and what one
// does not know is not known of the whole.
func TestKernelIsMerged(t *testing.T) {
	of := func(total uint64, k KernelResult) *Result {
		r := newResult()
		r.Total, r.Kernel = total, k
		return r
	}
	a := KernelResult{Known: true, Counts: [NumKernelCounters]uint64{KernelListenDrops: 5, KernelSynRetrans: 1}}
	b := KernelResult{Known: true, Counts: [NumKernelCounters]uint64{KernelListenDrops: 3, KernelSynRetrans: 2}}
	both := KernelResult{Known: true, Counts: [NumKernelCounters]uint64{KernelListenDrops: 5, KernelSynRetrans: 2}}
	for name, c := range map[string]struct {
		results []*Result
		want    KernelResult
	}{
		"one":                      {[]*Result{of(1, a)}, a},
		"two":                      {[]*Result{of(1, a), of(1, b)}, both},
		"one without a connection": {[]*Result{of(0, KernelResult{}), of(1, b)}, b},
		"one that does not know":   {[]*Result{of(1, a), of(1, KernelResult{})}, KernelResult{}},
	} {
		if got := mergeKernel(c.results); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if err := of(1, KernelResult{Counts: a.Counts}).checkKernel(); err == nil {
		t.Error("counts that are not known pass the check")
	}
}

// TestKernelRows: every counter has all that the report and the file need.
func TestKernelRows(t *testing.T) {
	seen := map[string]bool{}
	for c := range KernelCounter(NumKernelCounters) {
		if c.Group() != "Tcp" && c.Group() != "TcpExt" || c.String() == "" || c.Meaning() == "" || len(c.Meaning()) > 66 || seen[c.String()] {
			t.Errorf("counter %d: %s %s: %s", c, c.Group(), c, c.Meaning())
		}
		seen[c.String()] = true
	}
	if KernelCounter(NumKernelCounters).String() != "unknown" {
		t.Error("a counter out of range has a name")
	}
}
