package engine

import (
	"os"
	"testing"
	"time"

	"wsperf/engine/host"
	"wsperf/stats"
)

// TestWholeRun runs 20000 handshakes on two loops against a testee in another process,
// and checks with the runtime's counters that they allocate nothing.
func TestWholeRun(t *testing.T) {
	cfg := validConfig(t, startTestee(t))
	cfg.Loops, cfg.Connections, cfg.Low, cfg.High, cfg.Log = 2, 20000, 250, 500, true
	before := descriptors(t)
	result := do(t, cfg)
	if result.Total != 20000 || result.Success != 20000 {
		t.Fatalf("%d successes of %d, causes %v", result.Success, result.Total, causes(result))
	}
	// The runtime allocates a little itself: 5 objects for each thread that it starts.
	if result.Client.Allocations > 20 || result.Client.Collections != 0 {
		t.Errorf("%d allocations and %d garbage collections in the window, want at most 20 and none",
			result.Client.Allocations, result.Client.Collections)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before the run, %d after it", before, after)
	}
	if result.Fin.Received != 20000 {
		t.Errorf("TCP ended with %+v, want the testee's FIN for all", result.Fin)
	}
	for i, l := range result.Loops {
		if l.Started != 10000 || l.CPU != -1 || l.CPUUs == 0 {
			t.Errorf("loop %d: %+v, want 10000 started, not pinned, some CPU time", i, l)
		}
	}
}

// TestPinnedRun checks that a loop runs on its CPU, and that other threads are not pinned.
func TestPinnedRun(t *testing.T) {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	cfg := validConfig(t, startTestee(t))
	cfg.CPUs, cfg.Connections = cpus[len(cpus)-1:], 100
	result := do(t, cfg)
	if result.Success != 100 || result.Loops[0].CPU != cpus[len(cpus)-1] {
		t.Errorf("%d successes, loop %+v", result.Success, result.Loops[0])
	}
	after, err := host.AllowedCPUs()
	if err != nil || len(after) != len(cpus) {
		t.Errorf("allowed CPUs were %v, are %v (%v) after the run", cpus, after, err)
	}
}

// startNow starts a connection of a closed loop.
func startNow(l *loop) {
	nowNs := l.clock()
	l.start(nowNs, nowNs)
}

// TestHotPathAllocatesNothing measures single functions, to show which one allocates if
// TestWholeRun fails.
func TestHotPathAllocatesNothing(t *testing.T) {
	cfg := validConfig(t, startTestee(t))
	cfg.Connections = 1 << 40
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.baseline = time.Now()
	defer l.closeKept()
	for _, f := range []struct {
		name string
		call func()
	}{
		{"one connection from start to end", func() {
			startNow(l)
			for l.slots.open() > 0 {
				l.nowNs = l.clock()
				events := l.poller.wait(l.sleepNs())
				for i := range events {
					l.dispatch(&events[i])
				}
				l.expire()
				l.checkStop()
			}
		}},
		{"pace", func() { l.pacer.next(0, 0, 0) }},
		{"publish", func() { l.counters.publish(l) }},
		{"poll", func() { l.poller.poll() }},
	} {
		if n := testing.AllocsPerRun(200, f.call); n != 0 {
			t.Errorf("%s: %v allocations, want 0", f.name, n)
		}
	}
	if _, success, fail := l.rec.Counts(); success == 0 || fail != 0 {
		t.Errorf("%d successes, %d fails", success, fail)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// BenchmarkHandshake measures complete connections, testee included.
func BenchmarkHandshake(b *testing.B) {
	cfg := validConfig(b, startTestee(b))
	cfg.Connections, cfg.Low, cfg.High = int64(b.N), 32, 64
	result := do(b, cfg)
	if result.Success != uint64(b.N) {
		b.Fatalf("causes %v", causes(result))
	}
	b.ReportMetric(float64(result.Client.UserUs+result.Client.SystemUs)/float64(b.N), "cpu-us/op")
	b.ReportMetric(float64(result.Phases[stats.PhaseOpen].Success.ValueAtQuantile(50)), "median-open-us")
}
