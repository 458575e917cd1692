package report

import (
	"bytes"
	"testing"
	"time"

	"wsperf/stats"
)

// allReached is the set of all phases.
const allReached = stats.Phases(1<<stats.NumPhases - 1)

// recordSuccesses records n successes whose open phase takes 1 ms, 2 ms, and so on.
func recordSuccesses(rec *stats.Recorder, n int) {
	for i := range n {
		ms := int64(i+1) * 1e6
		rec.Start()
		rec.Success(&stats.Sample{
			Ns:      [stats.NumPhases]int64{31_000, ms, ms / 2, 90_400, 2 * ms},
			Reached: allReached,
		})
		rec.Fin(stats.FinReceived)
	}
}

func recordFailures(rec *stats.Recorder, c stats.Cause, codes ...int) {
	for _, code := range codes {
		rec.Start()
		rec.Fail(&stats.Sample{
			Ns:      [stats.NumPhases]int64{45_000, 0, 0, 0, 3_000_000},
			Reached: stats.Phases(0).With(stats.PhaseConnect),
		}, c)
		if c == stats.CauseOpenStatus {
			rec.Status(code)
		}
	}
}

// recordOdd records successes with values out of range and other ends than FIN.
func recordOdd(rec *stats.Recorder) {
	odd := &stats.Sample{
		Ns:      [stats.NumPhases]int64{-5, int64(stats.MaxTrackable) + 1, 2e6, 0, 1 << 60},
		Reached: allReached &^ (1 << stats.PhaseFin),
	}
	for _, f := range []stats.Fin{stats.FinReset, stats.FinReset, stats.FinTimeout} {
		rec.Start()
		rec.Success(odd)
		rec.Fin(f)
	}
}

func complete(t testing.TB, recs ...*stats.Recorder) *stats.Result {
	t.Helper()
	r, err := stats.Merge(recs...)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	r.Started, r.Ended = started, started.Add(13517*time.Millisecond+100*time.Microsecond+567)
	r.Setup = stats.Setup{URL: "ws://127.0.0.1:9000/<a>&b", Address: "127.0.0.1:9000", Headers: []string{"X: \u00e4"},
		Connections: 200, Low: 250, High: 500, MaxOpen: 1000, CloseCode: 1000,
		ConnectTimeoutUs: 1e7, OpenTimeoutUs: 1e7, CloseTimeoutUs: 5e6, Samples: 3, Version: "1", GoVersion: "go1.26", Kernel: "6.18"}
	for i, rec := range recs {
		started, success, fail := rec.Counts()
		r.Loops = append(r.Loops, stats.LoopResult{CPU: 2*i - 1, Started: started, Success: success, Fail: fail, CPUUs: 4_213_000})
	}
	r.Setup.Loops = len(recs)
	r.Client = stats.ClientCost{UserUs: 600, SystemUs: 7777, VoluntarySwitches: 1203, InvoluntarySwitches: 33,
		PeakMemoryBytes: 25_300_000, Allocations: 12, Collections: 0}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// plainResult is a run without anything special.
func plainResult(t testing.TB) *stats.Result {
	rec := stats.NewRecorder(stats.NewConnLog(0))
	recordSuccesses(rec, 100)
	return complete(t, rec)
}

// evilReply has what must reach neither a terminal nor a page as it is.
const evilReply = "HTTP/1.1 503 \x1b]0;steer\x07\r\n\r\n<script>\"'\\&\t\u00e4\x9b\x7f\x00"

// fullResult has something to say in every section of the report.
func fullResult(t testing.TB) *stats.Result {
	a, b := stats.NewRecorder(stats.NewConnLog(0)), stats.NewRecorder(stats.NewConnLog(0))
	a.KeepReplies(3)
	b.KeepReplies(3)
	recordSuccesses(a, 150)
	recordFailures(a, stats.CauseOpenStatus, 403, 503, 403, 999)
	recordSuccesses(b, 40)
	recordOdd(b)
	recordFailures(b, stats.CauseCloseTimeout, 0, 0)
	for range 2 {
		a.Reply(stats.CauseOpenStatus, []byte("HTTP/1.1 403 Forbidden\r\n\r\n"))
	}
	a.Reply(stats.CauseOpenStatus, []byte(evilReply))
	b.Reply(stats.CauseCloseTimeout, bytes.Repeat([]byte("\x81\x00"), 300))
	a.Throttle()
	b.Resume()
	r := complete(t, a, b)
	r.Interrupted = true
	r.Client.SlotWaits, r.Client.ShortageWaits = 3, 4
	r.Setup.Sources = []string{"127.0.0.2", "127.0.0.3", "127.0.0.5"}
	return r
}

// failedResult is a run without any success.
func failedResult(t testing.TB) *stats.Result {
	rec := stats.NewRecorder(nil)
	recordFailures(rec, stats.CauseConnectRefused, 0, 0, 0)
	return complete(t, rec)
}
