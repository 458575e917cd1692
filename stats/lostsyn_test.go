package stats

import (
	"slices"
	"testing"
	"time"
)

func TestSYNModes(t *testing.T) {
	for _, c := range []struct {
		linear int
		want   []int // seconds
	}{
		{0, []int{1, 3, 7, 15, 31, 63}},
		{1, []int{1, 2, 4, 8, 16, 32, 64}},
		{4, []int{1, 2, 3, 4, 5, 7, 11, 19, 35, 67}},
	} {
		var got []int
		for _, after := range synModes(c.linear) {
			got = append(got, int(after/time.Second))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("linear %d: %v, want %v", c.linear, got, c.want)
		}
	}
	if n := len(synModes(1 << 48)); n > 1000 { // from a file
		t.Errorf("%d modes", n)
	}
}

// connects is that many connections whose phase connect took so long.
type connects struct {
	ms float64
	n  int64
}

func TestLostSYNs(t *testing.T) {
	const many = 1 << 40
	for _, c := range []struct {
		name   string
		took   []connects
		linear int
		sent   int64
		want   []LostSYN
	}{
		{"none", []connects{{0.03, 1000}, {40, 10}}, 0, many, nil},
		{"no connection", nil, 0, many, nil},
		{"one, two and three", []connects{{0.03, 1000}, {1003, 37}, {3070, 4}, {7300, 2}}, 0, many,
			[]LostSYN{{1, time.Second, 37}, {2, 3 * time.Second, 4}, {3, 7 * time.Second, 2}}},
		{"linear", []connects{{1003, 37}, {2030, 8}, {3070, 4}, {5100, 1}, {7300, 2}}, 4, many,
			[]LostSYN{{1, time.Second, 37}, {2, 2 * time.Second, 8}, {3, 3 * time.Second, 4}, {5, 5 * time.Second, 1}, {6, 7 * time.Second, 2}}},
		{"no mode of this kernel", []connects{{2030, 8}, {4100, 4}, {5100, 1}}, 0, many, nil},
		{"the edges", []connects{{985, 1}, {991, 2}, {1098, 4}, {1105, 8}}, 0, many, []LostSYN{{1, time.Second, 5}}},
		{"a slow way", []connects{{900, 10}, {950, 10}, {1000, 10}, {1050, 10}, {1150, 10}}, 0, many, nil},
		{"more than on the slow way", []connects{{900, 3}, {950, 3}, {1010, 50}, {1050, 3}, {1150, 3}}, 0, many, []LostSYN{{1, time.Second, 47}}},
		{"no SYN was sent again", []connects{{1003, 37}, {3070, 4}}, 0, 0, nil},
		{"fewer SYNs were sent again", []connects{{1003, 37}, {3070, 4}}, 0, 30, []LostSYN{{1, time.Second, 30}}},
		{"SYNs for a part of the second mode", []connects{{1003, 37}, {3070, 4}}, 0, 42, []LostSYN{{1, time.Second, 37}, {2, 3 * time.Second, 2}}},
	} {
		h := NewHistogram()
		for _, took := range c.took {
			if err := h.RecordValues(int64(1000*took.ms), took.n); err != nil {
				t.Fatal(err)
			}
		}
		if got := lostSYNs(h, synModes(c.linear), c.sent); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestLostSYNsOfAResult checks what is taken from a result: both outcomes, the kernel's
// counter and setting.
func TestLostSYNsOfAResult(t *testing.T) {
	result := func(kernels ...KernelResult) *Result {
		r := mustMerge(t)
		for _, h := range []int64{2_010_000, 3_010_000} {
			_ = r.Phases[PhaseConnect].Success.RecordValue(h)
			_ = r.Phases[PhaseConnect].Failure.RecordValue(h)
		}
		r.Kernel = kernels
		return r
	}
	counted := func(linear int, sent int64) (k KernelResult) {
		k.SYNLinearTimeouts = linear
		k.Counters[TCPSynRetrans] = sent
		return k
	}
	for _, c := range []struct {
		name string
		r    *Result
		want []LostSYN
	}{
		{"an older file", result(), []LostSYN{{2, 3 * time.Second, 2}}},
		{"an older kernel", result(counted(0, 100)), []LostSYN{{2, 3 * time.Second, 2}}},
		{"a newer kernel", result(counted(4, 100)), []LostSYN{{2, 2 * time.Second, 2}, {3, 3 * time.Second, 2}}},
		{"two namespaces", result(counted(4, 4), counted(4, 6)), []LostSYN{{2, 2 * time.Second, 2}, {3, 3 * time.Second, 2}}},
		{"kernels of both kinds", result(counted(4, 50), counted(0, 50)), []LostSYN{{2, 3 * time.Second, 2}}},
		{"no SYN was sent again", result(counted(4, 0)), nil},
	} {
		if got := c.r.LostSYNs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
