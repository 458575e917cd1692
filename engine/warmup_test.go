package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"wsperf/stats"
)

// warmed starts connections of a pacer until it holds, one each time, and returns how many
// belong to the warm-up and how many do not.
func warmed(t *testing.T, p *pacer, nowNs int64) (warm, measured int) {
	t.Helper()
	for range 1000 {
		say, atNs := p.next(nowNs, 0, 0)
		switch {
		case !say.starts():
			return warm, measured
		case p.warming:
			warm++
			continue
		case measured == 0:
			p.measureFrom(atNs)
		}
		measured++
	}
	t.Fatal("the pacer never holds")
	return 0, 0
}

// TestPacerWarmup: what is asked for comes after the warm-up, and is not less for it. The
// cut is by the intended start, also if all starts are late.
func TestPacerWarmup(t *testing.T) {
	const us = time.Microsecond
	closed := func(ld Load) Load { ld.Low, ld.High = 1, 1; return ld }
	open := func(ld Load) Load {
		ld.Stages, ld.Arrivals = []stats.Stage{{From: 1e6, To: 1e6, LengthUs: ld.Duration.Microseconds()}}, stats.ArrivalsEven
		return ld
	}
	for _, c := range []struct {
		name           string
		load           Load
		nowNs          int64
		warm, measured int
	}{
		{"connections", closed(Load{Connections: 7, WarmupConnections: 3}), 0, 3, 7},
		{"time, which is over", closed(Load{Connections: 7, Warmup: us}), 1000, 0, 7},
		{"open, by connections", open(Load{Connections: 7, WarmupConnections: 3}), 50e3, 3, 7},
		{"open, by time", open(Load{Duration: 10 * us, Warmup: 4 * us}), 13e3, 4, 10},
		{"open, connections and time", open(Load{Duration: 10 * us, WarmupConnections: 5}), 14e3, 5, 10},
		{"open, time and connections", open(Load{Connections: 10, Warmup: 5 * us}), 99e3, 5, 10},
		{"none", open(Load{Connections: 10}), 99e3, 0, 10},
	} {
		p := newPacer(c.load.Part(1, 0), 1<<20, nil)
		if warm, measured := warmed(t, &p, c.nowNs); warm != c.warm || measured != c.measured {
			t.Errorf("%s: %d and %d, want %d and %d", c.name, warm, measured, c.warm, c.measured)
		}
	}
}

// TestPacerEndsAfterWarmup: a duration counts from the end of a warm-up whose length is not
// known before.
func TestPacerEndsAfterWarmup(t *testing.T) {
	p := newPacer(Load{Duration: 1000, WarmupConnections: 1, Low: 1, High: 1}, 10, nil)
	for i, step := range []struct {
		nowNs int64
		want  pace
	}{
		{0, paceResume}, {5000, paceStart}, {5999, paceStart}, {6000, paceHold},
	} {
		say, atNs := p.next(step.nowNs, 0, 0)
		if say != step.want {
			t.Fatalf("step %d: %d, want %d", i, say, step.want)
		}
		if i == 1 {
			p.measureFrom(atNs)
		}
	}
	if !p.done() {
		t.Error("not done")
	}
}

// TestPacerWarmsUpByTime: the last start before the end of a warm-up belongs to it.
func TestPacerWarmsUpByTime(t *testing.T) {
	p := newPacer(Load{Connections: 1, Warmup: time.Microsecond, Low: 1, High: 1}, 10, nil)
	for _, nowNs := range []int64{0, 999} {
		if say, _ := p.next(nowNs, 0, 0); !say.starts() || !p.warming {
			t.Errorf("at %d: %d, warming %v", nowNs, say, p.warming)
		}
	}
	if say, _ := p.next(1000, 0, 0); !say.starts() || p.warming || !p.done() {
		t.Errorf("at the end: %d, warming %v, done %v", say, p.warming, p.done())
	}
}

// TestPacerOwesNoWarmup: starts of the warm-up are not owed.
func TestPacerOwesNoWarmup(t *testing.T) {
	ld := constant(1e6, time.Second)
	ld.Warmup = 5 * time.Microsecond
	p := newPacer(ld, 100, nil)
	p.stop(8000) // due: 0 to 7000, from 5000 on measured
	if got := p.owed(); got != 3 {
		t.Errorf("%d starts are owed, want 3", got)
	}
}

// TestWarmup: a testee that refuses its first connections has no failure in the result if
// these were the warm-up, and no connection is lost between the two.
func TestWarmup(t *testing.T) {
	const warm, measured = 60, 200
	for name, change := range map[string]func(*Config){
		"closed":          func(c *Config) { c.Low, c.High = 1, 1 },
		"open":            func(c *Config) { c.Load.Stages, c.Low, c.High = constant(500, 0).Stages, 0, 0 },
		"closed, 2 loops": func(c *Config) { c.Low, c.High, c.Loops = 2, 2, 2 },
	} {
		var served atomic.Int64
		cfg := patient(t, scripted(t, func(p *peer) {
			if served.Add(1) <= warm/2 {
				p.request()
				p.say("HTTP/1.1 503 Service Unavailable\r\n\r\n")
				return
			}
			echoClose(p)
		}), measured)
		cfg.WarmupConnections = warm
		cfg.Arrivals = stats.ArrivalsEven
		change(&cfg)
		r := do(t, cfg)
		if r.Load.LeftOut != (stats.LeftOut{Started: warm, Fail: warm / 2}) || r.Total != measured || r.Success != measured {
			t.Errorf("%s: left out %+v, %d started, %d successes", name, r.Load.LeftOut, r.Total, r.Success)
		}
		if got := served.Load(); got != warm+measured {
			t.Errorf("%s: the testee has seen %d connections, want %d", name, got, warm+measured)
		}
		if first := time.Unix(0, r.Loaded.FirstNs); first.Before(r.Started) || first.Sub(r.Started) > time.Second {
			t.Errorf("%s: the window begins at %v, its first start is at %v", name, r.Started, first)
		}
		if r.Client.UserUs+r.Client.SystemUs <= 0 || r.Loops[0].CPUUs <= 0 || r.Load.Owed != 0 {
			t.Errorf("%s: client %+v, loops %+v, owed %d", name, r.Client, r.Loops, r.Load.Owed)
		}
	}
}

// TestWarmupOfFewerConnectionsThanLoops: a loop without a share of the warm-up begins the measured
// window with its first start, which is otherwise before it.
func TestWarmupOfFewerConnectionsThanLoops(t *testing.T) {
	for range 20 { // the loop that has the share may be the first to start
		cfg := patient(t, scripted(t, echoClose), 20)
		cfg.WarmupConnections, cfg.Loops, cfg.Low, cfg.High = 1, 2, 4, 4
		r := do(t, cfg)
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		if r.Load.LeftOut != (stats.LeftOut{Started: 1}) || r.Total != 20 {
			t.Errorf("left out %+v, %d started", r.Load.LeftOut, r.Total)
		}
	}
}

// TestWarmupInTheLoadedWindow: what the warm-up has left open counts for the rate, and for nothing else.
func TestWarmupInTheLoadedWindow(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 40)
	cfg.WarmupConnections, cfg.Loops, cfg.Low, cfg.High = 400, 1, 4, 4
	r := do(t, cfg)
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	if n := r.Loaded.WarmupSuccess; n < 1 || n > 200 {
		t.Errorf("%d connections of a warm-up of 400 ended in the loaded window, 4 at a time", n)
	}
	if r.Total != 40 || r.Loaded.Success > 40 {
		t.Errorf("%d connections, %d in the loaded window", r.Total, r.Loaded.Success)
	}
	cfg.WarmupConnections = 0
	if n := do(t, cfg).Loaded.WarmupSuccess; n != 0 {
		t.Errorf("%d connections of no warm-up", n)
	}
}

// TestWarmupByTime: the measured window begins when the warm-up is over, and costs from then
// on only.
func TestWarmupByTime(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 0)
	cfg.Load = constant(400, 500*time.Millisecond)
	cfg.Warmup = 700 * time.Millisecond
	r := do(t, cfg)
	if r.Load.LeftOut != (stats.LeftOut{Started: 280}) || r.Total+r.Load.Owed != 200 || r.Load.Due != 200 || r.Load.Offered != 400 {
		t.Errorf("left out %+v, %d started, load %+v", r.Load.LeftOut, r.Total, r.Load)
	}
	if lasted := r.Duration(); lasted < 490*time.Millisecond || lasted >= 490*time.Millisecond+cfg.Warmup {
		t.Errorf("the measured window lasts %v, want 500 ms and the drain of %v", lasted, r.Drain())
	}
}

// TestWarmupCostsNothing: the CPU time of the warm-up is in neither cost. Its connections are
// a hundred times as many as the measured ones, so a fifth of all CPU time is far too much.
func TestWarmupCostsNothing(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 30)
	cfg.WarmupConnections = 3000
	meter := new(meter)
	before := meter.read()
	r := do(t, cfg)
	all := costBetween(before, meter.read())
	allUs := all.UserUs + all.SystemUs
	if us := r.Client.UserUs + r.Client.SystemUs; us > allUs/5 || r.Loops[0].CPUUs > allUs/5 {
		t.Errorf("client %d us, loop %d us, of %d us with the warm-up", us, r.Loops[0].CPUUs, allUs)
	}
}

// TestInterruptedWarmup: nothing was measured, and that is a result.
func TestInterruptedWarmup(t *testing.T) {
	var served atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	cfg := patient(t, scripted(t, func(p *peer) {
		if served.Add(1) == 20 {
			cancel()
		}
		echoClose(p)
	}), 0)
	cfg.Duration, cfg.Warmup = time.Hour, time.Hour
	r := doUntil(t, ctx, cfg)
	if !r.Interrupted || r.Total != 0 || r.Load.LeftOut.Started < 20 || r.Duration() != 0 || r.Loops[0].CPUUs != 0 {
		t.Errorf("interrupted %v, %d started, left out %+v, in %v", r.Interrupted, r.Total, r.Load.LeftOut, r.Duration())
	}
}
