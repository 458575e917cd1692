package engine

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

// softwareEvents are counted on any machine, so that the way of the counters can be tested.
var softwareEvents = []host.PerfEvent{
	{Name: "task_clock", Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_TASK_CLOCK},
	{Name: "cpu_migrations", Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_MIGRATIONS},
}

func TestCountersOfTheLoops(t *testing.T) {
	set := softwareOrSkip(t)
	for _, warmup := range []int64{0, 300} {
		cfg := patient(t, scripted(t, echoClose), 300)
		cfg.Loops, cfg.WarmupConnections = 2, warmup
		before := descriptors(t)
		run, _, err := Prepare(cfg)
		if err != nil {
			t.Fatal(err)
		}
		run.hardware = set
		r, err := run.Do(context.Background())
		run.Close()
		if err != nil {
			t.Fatal(err)
		}
		if c := r.Counters; c.Counts["task_clock"] == 0 || len(c.Counts) != 2 || len(c.Absent) != 0 {
			t.Errorf("%+v", c)
		}
		if after := descriptors(t); after != before {
			t.Errorf("%d descriptors before the run, %d after it", before, after)
		}
	}
}

func TestCountersAreAbsent(t *testing.T) {
	r := do(t, patient(t, scripted(t, echoClose), 3))
	if n := len(r.Counters.Counts) + len(r.Counters.Absent); n != len(host.HardwareEvents()) {
		t.Errorf("%+v: want each event once", r.Counters)
	}
	gone := newHardware(&host.CounterSet{Events: softwareEvents, Absent: map[string]string{}}, []*loop{{}})
	gone.begin()
	gone.end()
	if gone.fill(r); len(r.Counters.Counts) != 0 || r.Counters.Absent["task_clock"] != notCounted {
		t.Errorf("%+v of a loop without counters", r.Counters)
	}
}
