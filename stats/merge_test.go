package stats

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// recordRun records successes with openUs in each phase, and one failure for cause c.
func recordRun(successes int, openUs int64, c Cause) *Recorder {
	rec := NewRecorder(NewConnLog(0))
	for range successes {
		rec.Start()
		rec.Success(sampleOf(openUs * 1000))
		rec.Fin(FinReceived)
	}
	rec.Start()
	rec.Fail(&Sample{}, c)
	if c == CauseOpenStatus {
		rec.Status(403)
	}
	return rec
}

func TestMergeAddsEverything(t *testing.T) {
	a, b := recordRun(3, 100, CauseOpenStatus), recordRun(5, 900, CauseCloseEOF)
	res := mustMerge(t, a, b)
	if err := res.Check(); err != nil {
		t.Error(err)
	}
	if res.Total != 10 || res.Success != 8 || res.Fail != 2 {
		t.Errorf("total %d, success %d, fail %d", res.Total, res.Success, res.Fail)
	}
	if res.Causes[CauseOpenStatus] != 1 || res.Causes[CauseCloseEOF] != 1 {
		t.Errorf("causes %v", res.Causes)
	}
	open := res.Phases[PhaseOpen].Success
	if countAt(open, 100) != 3 || countAt(open, 900) != 5 {
		t.Errorf("open has %d and %d values, want 3 and 5", countAt(open, 100), countAt(open, 900))
	}
	if len(res.Log) != 2 || res.Log[0].Len() != 4 || res.Log[1].Len() != 6 {
		t.Errorf("log: %v", res.Log)
	}
}

func TestMergeWithoutRecorders(t *testing.T) {
	res := mustMerge(t)
	if err := res.Check(); err != nil {
		t.Error(err)
	}
	if res.Log != nil || res.StatusCodes == nil {
		t.Errorf("log %v, status codes %v", res.Log, res.StatusCodes)
	}
}

func TestMergeWithoutLog(t *testing.T) {
	if res := mustMerge(t, NewRecorder(nil)); res.Log != nil {
		t.Error("the result has a log, and the recorder has none")
	}
}

func TestMergeFailsWhenValuesAreDropped(t *testing.T) {
	wide := hdrhistogram.New(1, 100*maxTrackableUs, significantDigits)
	if err := wide.RecordValue(50 * maxTrackableUs); err != nil {
		t.Fatal(err)
	}
	rec := NewRecorder(nil)
	rec.failures[PhaseClose] = wide
	_, err := Merge(rec)
	if err == nil || !strings.Contains(err.Error(), "phase close of the failures: 1 of 1 values") {
		t.Errorf("error %v", err)
	}
	other := mustMerge(t)
	other.Phases[PhaseOpen].Success = wide
	if _, err = MergeResults(other); err == nil || !strings.Contains(err.Error(), "phase open of the successes") {
		t.Errorf("error %v", err)
	}
}

// fill completes a merged result as a run does.
func fill(r *Result, setup Setup, started, seconds int64, cost ClientCost) *Result {
	r.Setup = setup
	r.Started = time.Unix(started, 0)
	r.Ended = time.Unix(started+seconds, 0)
	r.Client = cost
	r.Loops = []LoopResult{{CPU: setup.CPUs[0], Started: r.Total, Success: r.Success, Fail: r.Fail}}
	r.Throttled, r.Resumed = 2, 3
	return r
}

func TestMergeResults(t *testing.T) {
	a := fill(mustMerge(t, recordRun(3, 100, CauseOpenStatus)), Setup{
		URL: "ws://a", Headers: []string{"X: 1"}, Loops: 1, CPUs: []int{0}, Connections: 4, DurationUs: 5,
		Low: 1, High: 2, MaxOpen: 10, MaxOpenBy: LimitPorts, CloseCode: 1000, Log: true, Version: "v",
	}, 100, 10, ClientCost{UserUs: 1, SystemUs: 2, VoluntarySwitches: 3, InvoluntarySwitches: 4, PeakMemoryBytes: 50, Allocations: 6, Collections: 7, SlotWaits: 8, ShortageWaits: 9, Stalls: 10, StalledUs: 11, LongestStallUs: 12})
	b := fill(mustMerge(t, recordRun(5, 900, CauseOpenStatus)), Setup{
		URL: "ws://b", Headers: []string{"X: 2"}, Loops: 2, CPUs: []int{1}, Connections: 6, DurationUs: 4,
		Low: 10, High: 20, MaxOpen: 100, MaxOpenBy: LimitDescriptors, CloseCode: 1000, Log: true, Version: "v",
	}, 95, 7, ClientCost{UserUs: 10, SystemUs: 20, VoluntarySwitches: 30, InvoluntarySwitches: 40, PeakMemoryBytes: 40, Allocations: 60, Collections: 70, SlotWaits: 80, ShortageWaits: 90, Stalls: 100, StalledUs: 110, LongestStallUs: 5})
	b.Interrupted = true

	res, err := MergeResults(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Check(); err != nil {
		t.Error(err)
	}
	wantSetup := Setup{Loops: 3, CPUs: []int{0, 1}, Connections: 10, DurationUs: 5,
		Low: 11, High: 22, MaxOpen: 110, CloseCode: 1000, Log: true, Version: "v"}
	if !reflect.DeepEqual(res.Setup, wantSetup) {
		t.Errorf("setup %+v, want %+v", res.Setup, wantSetup)
	}
	wantCost := ClientCost{UserUs: 11, SystemUs: 22, VoluntarySwitches: 33, InvoluntarySwitches: 44, PeakMemoryBytes: 50, Allocations: 66, Collections: 77, SlotWaits: 88, ShortageWaits: 99, Stalls: 110, StalledUs: 121, LongestStallUs: 12}
	if res.Client != wantCost {
		t.Errorf("client %+v, want %+v", res.Client, wantCost)
	}
	if !res.Started.Equal(time.Unix(95, 0)) || res.Duration() != 15*time.Second || !res.Interrupted {
		t.Errorf("started %v, duration %v, interrupted %v", res.Started, res.Duration(), res.Interrupted)
	}
	if res.Total != 10 || res.StatusCodes[403] != 2 || res.Throttled != 4 || res.Resumed != 6 || len(res.Loops) != 2 || len(res.Log) != 2 {
		t.Errorf("result %+v", res)
	}
	if n := countAt(a.Phases[PhaseOpen].Success, 900); n != 0 || a.Total != 4 || len(a.Setup.CPUs) != 1 {
		t.Error("MergeResults modified its argument")
	}
}

func TestMergeResultsKeepsEqualSettings(t *testing.T) {
	setup := Setup{URL: "ws://a", Address: "127.0.0.1:1", Sources: []string{"127.0.0.2"}, Samples: 3, Headers: []string{"X: 1"}, Subprotocols: []string{"p"},
		Origin: "o", CPUs: []int{0}, MaxOpenBy: LimitMemory, CloseCode: 1000, ConnectTimeoutUs: 1, OpenTimeoutUs: 2, CloseTimeoutUs: 3,
		Log: true, Version: "v", GoVersion: "g", Kernel: "k"}
	a := fill(mustMerge(t), setup, 0, 1, ClientCost{})
	b := fill(mustMerge(t), setup, 0, 1, ClientCost{})
	res, err := MergeResults(a, b)
	if err != nil {
		t.Fatal(err)
	}
	setup.CPUs = []int{0, 0}
	if !reflect.DeepEqual(res.Setup, setup) {
		t.Errorf("setup %+v, want %+v", res.Setup, setup)
	}
	if res.Log != nil {
		t.Error("the merged result has a log, and no result has one")
	}
}

func TestMergeResultsWindow(t *testing.T) {
	tests := []struct{ started, seconds, wantStarted, wantSeconds int64 }{
		{90, 40, 90, 40},   // around the first result
		{102, 3, 100, 10},  // within it
		{80, 10, 80, 30},   // before it
		{120, 10, 100, 30}, // after it
	}
	for _, test := range tests {
		setup := Setup{CPUs: []int{0}}
		res, err := MergeResults(
			fill(mustMerge(t), setup, 100, 10, ClientCost{}),
			fill(mustMerge(t), setup, test.started, test.seconds, ClientCost{}))
		if err != nil {
			t.Fatal(err)
		}
		want := time.Duration(test.wantSeconds) * time.Second
		if res.Started.Unix() != test.wantStarted || res.Duration() != want {
			t.Errorf("window from %d for %v, want from %d for %v", res.Started.Unix(), res.Duration(), test.wantStarted, want)
		}
	}
}

func TestMergeResultsClearsDifferentSettings(t *testing.T) {
	// Every field without a merge tag.
	differing := Setup{URL: "ws://a", Address: "127.0.0.1:1", Sources: []string{"127.0.0.2"}, Headers: []string{"X: 1"}, Subprotocols: []string{"p"},
		Origin: "o", CloseCode: 1000, ConnectTimeoutUs: 1, OpenTimeoutUs: 2, CloseTimeoutUs: 3,
		Log: true, Version: "v", GoVersion: "g", Kernel: "k"}
	a, b := mustMerge(t), mustMerge(t)
	a.Setup = differing
	for _, order := range [][]*Result{{a, b}, {b, a}, {a, b, a}} {
		res, err := MergeResults(order...)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(res.Setup, Setup{}) {
			t.Errorf("setup %+v, want the zero value", res.Setup)
		}
	}
}

func TestMergeResultsDropsAPartialLog(t *testing.T) {
	with, without := mustMerge(t, recordRun(1, 1, CauseOpenEOF)), mustMerge(t)
	res, err := MergeResults(with, without)
	if err != nil {
		t.Fatal(err)
	}
	if res.Log != nil {
		t.Error("the merged result has a log, and one result has none")
	}
}

func TestMergeResultsWithoutResults(t *testing.T) {
	if _, err := MergeResults(); err == nil {
		t.Error("no error")
	}
}
