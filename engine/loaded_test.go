package engine

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestLoadedRateIsWithoutTheDrain: one connection that runs into its timeout after the last
// start prolongs the run, and the loaded window does not contain that.
func TestLoadedRateIsWithoutTheDrain(t *testing.T) {
	const connections = 200
	var served atomic.Int64
	cfg := patient(t, scripted(t, func(p *peer) {
		if served.Add(1) == connections {
			p.silence() // the last one: nothing is started meanwhile
			return
		}
		echoClose(p)
	}), connections)
	cfg.Low, cfg.High, cfg.OpenTimeout = 1, 1, 2*time.Second
	result := do(t, cfg)
	// Some connections are still closing when the last one is started.
	if result.Fail != 1 || result.Loaded.Success < connections/2 || result.Loaded.Success == connections {
		t.Fatalf("%d failures, %d successes in the loaded window, want 1 and almost %d", result.Fail, result.Loaded.Success, connections)
	}
	if drain := result.Drain(); drain < cfg.OpenTimeout {
		t.Errorf("drain %v, want at least %v", drain, cfg.OpenTimeout)
	}
	if sum, whole := result.Loaded.Duration()+result.Drain(), result.Duration(); sum > whole+time.Millisecond {
		t.Errorf("loaded window and drain are %v together, longer than the run of %v", sum, whole)
	}
	if rate, ok := result.LoadedHandshakesPerSecond(); !ok || rate <= result.HandshakesPerSecond() {
		t.Errorf("loaded rate %v (%v), with the drain %v", rate, ok, result.HandshakesPerSecond())
	}
}
