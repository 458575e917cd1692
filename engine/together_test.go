package engine

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"wsperf/engine/host"
)

// TestTogether compares four processes with limits that one process does not reach.
func TestTogether(t *testing.T) {
	same := func(*Config) {}
	for _, c := range []struct {
		name   string
		config func(*Config)
		facts  func(*facts)
		want   []string
	}{
		{"no warning", same, func(*facts) {}, nil},
		{"just enough ports", same, func(f *facts) { f.Ports = ports1to(4000) }, nil},
		{"one too many for the ports", same, func(f *facts) { f.Ports = ports1to(3999) },
			[]string{strings.NewReplacer("501", "2000", "1000", "3999").Replace(portsText)}},
		{"a port for each connection of all", func(c *Config) { c.Connections = 500 }, func(f *facts) { f.Ports = ports1to(2000) }, nil},
		{"just enough backlog", same, func(f *facts) { f.Somaxconn = 2000 }, nil},
		{"one too many for the backlog", same, func(f *facts) { f.Somaxconn = 1999 }, []string{strings.NewReplacer("500", "2000", "499", "1999").Replace(backlogText)}},
		{"one too many for the testee's own backlog", same, func(f *facts) { f.backlog = 1999 },
			[]string{strings.NewReplacer("500", "2000", "10", "1999").Replace(ownBacklogText)}},
		{"TIME_WAIT", same, func(f *facts) { f.TWReuse, f.timeWait = 0, 24233 }, []string{strings.Replace(timeWaitText, "27233", "24233", 1)}},
		{"a CPU quota", func(c *Config) { c.CPUs = nil }, func(f *facts) { f.Allowed, f.quota = nil, host.Bandwidth{QuotaUs: 79, PeriodUs: 10} },
			[]string{strings.NewReplacer("1.50", "7.90", "use 2", "use 8", "100 ms", "0 ms", "to 1", "to 7").Replace(quotaText)}},
		{"just enough memory", same, func(f *facts) { f.Memory.Machine = 8*memoryOfLoop + 2000*memoryOfConnection }, nil},
		{"memory for one connection less", same, func(f *facts) { f.Memory.Machine = 8*memoryOfLoop + 1999*memoryOfConnection },
			[]string{"high watermark 2000 is above the 1999 connections that 47 MB of available memory hold: lower it, or starts will wait for others to end"}},
		{"limits of each process", func(c *Config) { c.CPUs = []int{3, 3} }, func(f *facts) { f.maxOpen, f.Memory.AddressSpace = 1999, 0 }, nil},
	} {
		sum := preflightConfig(c.config).times(4)
		if got := texts(sharedWarnings(&sum, ampleFacts(c.facts))); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestTimes(t *testing.T) {
	run := Config{Loops: 2, Load: Load{Low: 3, High: 4, Duration: time.Second}}
	want := Config{Loops: 10, Load: Load{Low: 15, High: 20, Duration: time.Second}}
	if got := run.times(5); !reflect.DeepEqual(got.Load, want.Load) || got.Loops != want.Loops {
		t.Errorf("%+v, want %+v", got, want)
	}
	run.Connections = 7
	if got := run.times(5).Connections; got != 35 {
		t.Errorf("%d connections, want 35", got)
	}
	for _, n := range []int{1, 2, 3, 1000} {
		if got := times(math.MaxInt, n); got < math.MaxInt-n {
			t.Errorf("%d times the largest int: %d", n, got)
		}
	}
}

// TestTogetherOfThisMachine: 100 ports are enough for 2 processes with 40 connections
// each, and not for 3.
func TestTogetherOfThisMachine(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	setPortRange(t, 100)
	cfg := preflightConfig(func(c *Config) { c.High = 20 })
	for n, want := range map[int]int{2: 0, 3: 1} {
		warnings, err := Together(*cfg, n)
		if err != nil || len(warnings) != want {
			t.Errorf("%d processes: %q, %v, want %d warnings", n, texts(warnings), err, want)
		}
	}
}
