package calibration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// result is a run of a second with 1000 handshakes.
func result(s Shape) *stats.Result {
	r := &stats.Result{Started: time.Unix(1000, 0), Ended: time.Unix(1001, 0)}
	r.Success = 1000
	r.Setup = stats.Setup{Loops: s.Loops, CPUs: s.CPUs, Low: s.Low, High: s.High, Version: "1"}
	r.Provenance = stats.Provenance{Commit: "abc", System: "Linux", CPUModel: "fast", CPUs: 4, AllowedCPUs: "0-3", Governor: "performance", ClockSource: "tsc",
		MitigationsOption: "auto", Mitigations: map[string]string{"b": "2", "a": "1"}}
	return r
}

var closed = Shape{Loops: 2, CPUs: []int{1, 3}, Low: 50, High: 100}

func entry(s Shape, perSecond float64, hour int) Entry {
	return Entry{Shape: s, Facts: FactsOf(result(s)), Measured: time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC), PerSecond: perSecond}
}

// TestDifferences changes each fact in turn.
func TestDifferences(t *testing.T) {
	for name, change := range map[string]func(*stats.Result){
		"version of wsperf": func(r *stats.Result) { r.Provenance.Commit = "def" }, "kernel": func(r *stats.Result) { r.Provenance.System = "x" },
		"CPU model": func(r *stats.Result) { r.Provenance.CPUModel = "slow" }, "number of CPUs": func(r *stats.Result) { r.Provenance.CPUs = 1 },
		"allowed CPUs": func(r *stats.Result) { r.Provenance.AllowedCPUs = "0" }, "frequency governor": func(r *stats.Result) { r.Provenance.Governor = "powersave" },
		"clock source": func(r *stats.Result) { r.Provenance.ClockSource = "hpet" }, "mitigations": func(r *stats.Result) { r.Provenance.Mitigations["a"] = "0" },
		"version of Go": func(r *stats.Result) { r.Setup.URL, r.Setup.GoVersion = "wss://a/", "go1.26" },
	} {
		r := result(closed)
		change(r)
		if got := FactsOf(r).differences(FactsOf(result(closed))); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAdd(t *testing.T) {
	other := entry(closed, 2, 2)
	other.Facts.System = "Linux 7"
	all := add(add(add(nil, entry(closed, 1, 1)), other), entry(closed, 3, 3))
	if len(all) != 2 || all[0].PerSecond != 2 || all[1].PerSecond != 3 {
		t.Errorf("%+v", all)
	}
	for i := range maxEntries + 5 {
		all = add(all, entry(Shape{Loops: i + 10}, 1, 4))
	}
	if len(all) != maxEntries || all[0].Shape.Loops != 15 {
		t.Errorf("%d entries, the first is %+v", len(all), all[0])
	}
}

func TestNewEntry(t *testing.T) {
	var rs []*stats.Result
	for _, n := range []uint64{300, 100, 200} {
		r := result(closed)
		r.Success = n
		rs = append(rs, r)
	}
	e, err := NewEntry(rs)
	if err != nil || e.PerSecond != 200 || e.Least != 100 || e.Most != 300 || !e.Shape.equal(closed) || e.Measured != time.Unix(1001, 0).UTC() || !strings.Contains(e.Facts.Mitigations, "auto;a=1;b=2") {
		t.Errorf("%+v", e)
	}
	if e, err := NewEntry(rs[:2]); err != nil || e.PerSecond != 100 {
		t.Errorf("of two runs, the higher counts: %+v, %v", e, err)
	}
	if e, err := NewEntry([]*stats.Result{secured(100, 0, map[string]uint64{"X25519": 1, "CurveP256": 1})}); err == nil || e.PerSecond != 0 {
		t.Errorf("of two groups: %+v, %v", e, err)
	}
}
