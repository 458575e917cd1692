package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"wsperf/stats"
)

// fakeGate opens when wait returns nil, and notes when that was.
type fakeGate struct {
	wait                func() error
	opened, held, begun time.Time
}

func (g *fakeGate) Await(context.Context) error {
	err := g.wait()
	g.opened = time.Now()
	return err
}

func (g *fakeGate) Hold(context.Context) { g.held = time.Now() }

func (g *fakeGate) Begun(at time.Time) { g.begun = at }

// gated does a run with a gate.
func gated(t *testing.T, cfg Config, g *fakeGate) (*stats.Result, error) {
	t.Helper()
	cfg.Gate = g
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	return run.Do(t.Context())
}

// TestGateHoldsTheRun: while the gate is shut, nothing is started, and its time is in no measure: neither the
// CPU time nor the intervals.
func TestGateHoldsTheRun(t *testing.T) {
	const shut = 500 * time.Millisecond
	var peers atomic.Int64
	cfg := patient(t, scripted(t, func(p *peer) { peers.Add(1); echoClose(p) }), 1)
	cfg.Low, cfg.High, cfg.Interval = 1, 1, 100*time.Millisecond
	g := &fakeGate{wait: func() error {
		for begun := threadCPUUs(); threadCPUUs()-begun < shut.Microseconds(); { // CPU time of its own
		}
		if n := peers.Load(); n != 0 {
			t.Errorf("%d connections before the gate opened", n)
		}
		return nil
	}}
	r, err := gated(t, cfg, g)
	if err != nil || r.Success != 1 {
		t.Fatalf("%v, %+v", err, r)
	}
	if g.held.Before(g.opened) || g.begun.Before(g.held) || !r.Started.Equal(g.begun) {
		t.Errorf("opened at %v, held at %v, begun at %v, the window at %v", g.opened, g.held, g.begun, r.Started)
	}
	if cpu := time.Duration(r.Client.UserUs+r.Client.SystemUs) * time.Microsecond; cpu > shut/2 {
		t.Errorf("one connection cost %v of CPU time, the gate %v", cpu, shut)
	}
	t.Logf("the loops begin %v after they are let go", g.begun.Sub(g.held))
}

// TestInterruptedAtTheGate: no connection is started, whatever was prepared.
func TestInterruptedAtTheGate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := patient(t, scripted(t, echoClose), 1000)
	cfg.Gate = &fakeGate{wait: func() error { cancel(); return nil }}
	if r := doUntil(t, ctx, cfg); !r.Interrupted || r.Total != 0 {
		t.Errorf("interrupted: %v, %d connections, want none", r.Interrupted, r.Total)
	}
}

// TestGateStaysShut: the run does not begin, and has a result without a connection.
func TestGateStaysShut(t *testing.T) {
	late := errors.New("late")
	for _, cfg := range []Config{impatient(t, "127.0.0.1:1", 10), openLoop(t, "127.0.0.1:1", constant(100, time.Second))} {
		cfg.Loops, cfg.Interval = 2, time.Second
		g := &fakeGate{wait: func() error { return late }}
		r, err := gated(t, cfg, g)
		if !errors.Is(err, late) || r == nil {
			t.Fatalf("%v, %+v", err, r)
		}
		if r.Total != 0 || r.Setup.Loops != 2 || r.Setup.Address != "127.0.0.1:1" || r.Load.Due != 0 || !g.begun.IsZero() {
			t.Errorf("%d connections, setup %+v, load %+v, begun at %v", r.Total, r.Setup, r.Load, g.begun)
		}
		if err := r.Check(); err != nil {
			t.Error(err)
		}
	}
}
