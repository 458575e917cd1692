package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"wsperf/stats"
)

// fakeProfiler notes what the run has done by each call.
type fakeProfiler struct {
	enableFails, disableFails error
	run                       *Run
	enabled, disabled         *Progress // nil: not called
}

func (p *fakeProfiler) Enable() error {
	now := p.run.Progress()
	p.enabled = &now
	return p.enableFails
}

func (p *fakeProfiler) Disable() error {
	now := p.run.Progress()
	p.disabled = &now
	return p.disableFails
}

// profiled does a run with the profiler.
func profiled(t *testing.T, cfg Config, p *fakeProfiler) (*stats.Result, error) {
	t.Helper()
	cfg.Profiler = p
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	p.run = run
	return run.Do(context.Background())
}

func TestProfilerSeesTheMeasuredWindow(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 30)
	p := &fakeProfiler{}
	r, err := profiled(t, cfg, p)
	if err != nil || r.Success != 30 {
		t.Fatalf("%v, %+v", err, r)
	}
	if p.enabled == nil || p.enabled.Started != 0 || p.disabled == nil || p.disabled.Success != 30 {
		t.Errorf("enabled at %+v, disabled at %+v", p.enabled, p.disabled)
	}
	p = &fakeProfiler{}
	cfg.WarmupConnections = 20 // more than one burst of starts, so that some were counted before
	if r, err = profiled(t, cfg, p); err != nil || r.Success != 30 {
		t.Fatalf("%v, %+v", err, r)
	}
	if p.enabled == nil || p.enabled.Started == 0 || p.disabled == nil || p.disabled.Success != 50 {
		t.Errorf("after a warm-up: enabled at %+v, disabled at %+v", p.enabled, p.disabled)
	}
}

func TestProfilerFails(t *testing.T) {
	broken := errors.New("broken")
	cfg := patient(t, scripted(t, echoClose), 30)
	p := &fakeProfiler{enableFails: broken}
	if r, err := profiled(t, cfg, p); !errors.Is(err, broken) || r != nil || p.run.Progress().Started != 0 || p.disabled != nil {
		t.Errorf("enable: %+v, %v, disabled %v", r, err, p.disabled)
	}
	cfg.Warmup, cfg.Interval, cfg.Connections = time.Millisecond, time.Second, 1<<40 // it would never end
	if r, err := profiled(t, cfg, p); !errors.Is(err, broken) || r != nil {
		t.Errorf("enable after a warm-up: %+v, %v", r, err)
	}
	cfg.Warmup, cfg.Connections = 0, 30
	p = &fakeProfiler{disableFails: broken}
	if r, err := profiled(t, cfg, p); !errors.Is(err, broken) || r == nil || r.Success != 30 {
		t.Errorf("disable: %+v, %v", r, err)
	}
}
