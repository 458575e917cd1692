package job

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wsperf/engine/host"
)

func TestParseCPUs(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []int
	}{
		{"0", []int{0}},
		{"1,3", []int{1, 3}},
		{"3,1", []int{3, 1}},
		{"0-3,6", []int{0, 1, 2, 3, 6}},
		{" 1, 3", []int{1, 3}},
		{"1023", []int{1023}},
	} {
		got, err := ParseCPUs(c.in)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v, want %v", c.in, got, err, c.want)
		}
	}
}

func TestParseCPUsRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "a CPU number is missing"},
		{"1,", "a CPU number is missing"},
		{"-1", "a CPU number is missing"},
		{"1-", "a CPU number is missing"},
		{"x", `"x" is not a CPU number`},
		{"1-2-3", `"2-3" is not a CPU number`},
		{"+1", `"+1" is not a CPU number`},
		{"1.5", `"1.5" is not a CPU number`},
		{"3-1", `the range "3-1" runs backwards`},
		{"1,1", "CPU 1 is named twice"},
		{"0-2,1", "CPU 1 is named twice"},
		{"1024", "CPU 1024 is above 1023"},
		{"0-65536", `"65536" is not a CPU number`},
	} {
		if _, err := ParseCPUs(c.in); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%q: %v, want %q and what would be right", c.in, err, c.want)
		}
	}
}

func TestFormatCPUs(t *testing.T) {
	for _, list := range []string{"", "0", "0-3", "0-3,6", "1,3,5-6"} {
		if list == "" {
			if got := host.FormatCPUs(nil); got != "" {
				t.Errorf("no CPUs: %q", got)
			}
			continue
		}
		cpus, err := ParseCPUs(list)
		if got := host.FormatCPUs(cpus); err != nil || got != list {
			t.Errorf("%q became %q: %v", list, got, err)
		}
	}
}

func TestPlacement(t *testing.T) {
	four := []int{0, 1, 2, 3}
	for _, c := range []struct {
		name          string
		request       loopRequest
		allowed       []int
		shared, split placement
	}{
		{"default", loopRequest{loops: LoopPerCPU}, four,
			placement{4, four, four}, placement{2, []int{2, 3}, []int{0, 1}}},
		{"default, odd", loopRequest{loops: LoopPerCPU}, []int{2, 5, 7},
			placement{3, []int{2, 5, 7}, []int{2, 5, 7}}, placement{1, []int{7}, []int{2, 5}}},
		{"default, one CPU", loopRequest{loops: LoopPerCPU}, []int{6},
			placement{1, []int{6}, []int{6}}, placement{1, []int{6}, []int{6}}},
		{"not pinned", loopRequest{loops: 0}, four,
			placement{1, nil, four}, placement{1, nil, four}},
		{"loops", loopRequest{loops: 3}, four,
			placement{3, []int{0, 1, 2}, []int{3}}, placement{3, []int{1, 2, 3}, []int{0}}},
		{"more loops than CPUs", loopRequest{loops: 9}, four,
			placement{9, four, four}, placement{9, four, four}},
		{"CPUs", loopRequest{loops: LoopPerCPU, cpus: []int{3, 1}}, four,
			placement{2, []int{3, 1}, []int{0, 2}}, placement{2, []int{3, 1}, []int{0, 2}}},
		{"all CPUs", loopRequest{loops: LoopPerCPU, cpus: four}, four,
			placement{4, four, four}, placement{4, four, four}},
		{"loops and CPUs", loopRequest{loops: 4, cpus: []int{2, 3}}, four,
			placement{4, []int{2, 3}, []int{0, 1}}, placement{4, []int{2, 3}, []int{0, 1}}},
	} {
		got, err := c.request.all(c.allowed)
		if err != nil || !reflect.DeepEqual(got.remote, c.shared) {
			t.Errorf("%s: remote %v, %v, want %v", c.name, got.remote, err, c.shared)
		}
		if !reflect.DeepEqual(got.builtin, c.split) {
			t.Errorf("%s: built-in %v, want %v", c.name, got.builtin, c.split)
		}
	}
}

func TestPlacementRefuses(t *testing.T) {
	for _, c := range []struct {
		request loopRequest
		want    string
	}{
		{loopRequest{loops: LoopPerCPU, cpus: []int{4}}, "CPU 4 is not allowed for this process: must be one of 0-3"},
		{loopRequest{loops: 0, cpus: []int{1}}, "0 loops means one loop that is not pinned: CPUs cannot be given with it"},
		{loopRequest{loops: 1, cpus: []int{1, 2}}, "1 loops cannot use 2 CPUs: give as many loops, or fewer CPUs"},
	} {
		if _, err := c.request.all([]int{0, 1, 2, 3}); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.request, err, c.want)
		}
	}
}

// TestPlacementBesideALocalTestee is about a testee that was not started by us.
func TestPlacementBesideALocalTestee(t *testing.T) {
	allowed := []int{0, 1, 2, 3}
	for _, c := range []struct {
		request loopRequest
		want    []int // CPUs of the loops beside it
	}{
		{loopRequest{loops: LoopPerCPU}, nil},
		{loopRequest{loops: 2}, []int{2, 3}},
		{loopRequest{loops: LoopPerCPU, cpus: []int{0, 1}}, []int{0, 1}},
	} {
		places, err := c.request.all(allowed)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0"} {
			if got := places.against(netip.MustParseAddr(at)); !slices.Equal(got.client, c.want) {
				t.Errorf("%+v, testee at %s: %+v, want CPUs %v", c.request, at, got, c.want)
			}
		}
		for _, at := range []string{"192.0.2.1", "2001:db8::1"} {
			if got := places.against(netip.MustParseAddr(at)); got.loops != len(got.client) || got.loops == 0 {
				t.Errorf("%+v, testee at %s: %+v, want pinned loops", c.request, at, got)
			}
		}
	}
	places, err := loopRequest{loops: LoopPerCPU}.all(allowed)
	if err != nil || places.local.loops != len(allowed) {
		t.Errorf("%d loops beside a local testee, want %d: %v", places.local.loops, len(allowed), err)
	}
}
