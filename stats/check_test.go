package stats

import (
	"testing"
	"time"
)

// checkable returns a result that passes Check: 3 successes and 1 failure in 2 loops.
func checkable(t *testing.T) *Result {
	r := mustMerge(t, recordRun(3, 100, CauseOpenStatus))
	r.Loops = []LoopResult{{Started: 1, Success: 1}, {Started: 3, Success: 2, Fail: 1}}
	return r
}

// keepReply returns a function that adds a reply of which kept bytes out of total are
// kept.
func keepReply(c Cause, kept, total int) func(*Result) {
	return func(r *Result) {
		r.Setup.Samples = 3
		r.Replies[c] = append(r.Replies[c], Reply{Bytes: make([]byte, kept), Total: total})
	}
}

func TestCheckNamesBothSides(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(r *Result)
		want  string
	}{
		{"unchanged", func(*Result) {}, ""},
		{"connection lost", func(r *Result) { r.Total++ },
			"connections started (5) differ from successes + failures (4)"},
		{"cause lost", func(r *Result) { r.Causes[CauseOpenStatus] = 0 },
			"failures (1) differ from sum of all causes (0)"},
		{"failure charged to CauseNone", func(r *Result) { r.Causes[CauseNone] = 1 },
			"failures without a cause (1) differ from allowed (0)"},
		{"status code lost", func(r *Result) { r.StatusCodes = nil },
			"open_status failures (1) differ from sum of all status codes (0)"},
		{"no histogram", func(r *Result) { r.Phases[PhaseOpen].Failure = nil },
			"phase open has no histogram"},
		{"success lost", func(r *Result) { r.Phases[PhaseClose].Success = NewHistogram() },
			"successes in phase close (0) differ from successes (3)"},
		{"more failures in a phase than in all", func(r *Result) { _ = r.Phases[PhaseFin].Failure.RecordValues(1, 2) },
			"failures in phase fin (2) are more than failures (1)"},
		{"value of no failure left out", func(r *Result) { r.Phases[PhaseOpen].LeftOut = 1 },
			"failures left out of phase open (1) are more than unmeasured failures (0)"},
		{"total of a failure lost", func(r *Result) { r.Phases[PhaseTotal].Failure = NewHistogram() },
			"failures in phase total (0) differ from failures (1)"},
		{"end lost", func(r *Result) { r.Fin.Received-- },
			"ends after a closing handshake (2) differ from successes (3)"},
		{"FIN not measured", func(r *Result) { r.Phases[PhaseFin].Success = NewHistogram() },
			"successes in phase fin (0) differ from FINs received (3)"},
		{"start of a loop too many", func(r *Result) { r.Loops[0].Started++ },
			"connections started by all loops (5) differ from connections started (4)"},
		{"success of a loop too many", func(r *Result) { r.Loops[0].Success++ },
			"successes of all loops (4) differ from successes (3)"},
		{"failure of a loop too many", func(r *Result) { r.Loops[0].Fail++ },
			"failures of all loops (2) differ from failures (1)"},
		{"no loops", func(r *Result) { r.Loops = nil }, ""},
		{"record lost", func(r *Result) { r.Log[0] = NewConnLog(0) },
			"records in the log (0) differ from connections ended (4)"},
		{"more unmeasured successes than successes", func(r *Result) { r.Unmeasured.Success = 4 },
			"unmeasured successes and failures (4, 0) are more than successes and failures (3, 1)"},
		{"more unmeasured failures than failures", func(r *Result) { r.Unmeasured.Fail = 2 },
			"unmeasured successes and failures (0, 2) are more than successes and failures (3, 1)"},
		{"unmeasured success with a total", func(r *Result) { r.Unmeasured.Success = 1 },
			"successes in phase total (3) differ from successes (2)"},
		{"unmeasured failure with a cause", func(r *Result) { r.Unmeasured.Fail = 1 },
			"failures (0) differ from sum of all causes (1)"},
		{"no log", func(r *Result) { r.Log = nil }, ""},
		{"reply", keepReply(CauseOpenStatus, 1, 1), ""},
		{"longest reply", keepReply(CauseOpenStatus, MaxReplyBytes, 1<<20), ""},
		{"reply of a success", keepReply(CauseNone, 1, 1),
			"replies kept for  (1) are more than its failures (0)"},
		{"reply of another cause", keepReply(CauseOpenEOF, 1, 1),
			"replies kept for open_eof (1) are more than its failures (0)"},
		{"reply not requested", func(r *Result) { keepReply(CauseOpenStatus, 1, 1)(r); r.Setup.Samples = 0 },
			"replies kept for open_status (1) are more than requested (0)"},
		{"empty reply", keepReply(CauseOpenStatus, 0, 0),
			"a reply kept for open_status: 0 bytes of 0, must be 1 to 512"},
		{"reply longer than its total", keepReply(CauseOpenStatus, 2, 1),
			"a reply kept for open_status: 2 bytes of 1, must be 1 to 512"},
		{"reply too long", keepReply(CauseOpenStatus, MaxReplyBytes+1, 1<<20),
			"a reply kept for open_status: 513 bytes of 1048576, must be 1 to 512"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := checkable(t)
			test.spoil(r)
			got := ""
			if err := r.Check(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("Check() = %q, want %q", got, test.want)
			}
		})
	}
}

func TestHandshakesPerSecond(t *testing.T) {
	start := time.Unix(1, 0)
	tests := []struct {
		success uint64
		window  time.Duration
		want    float64
	}{
		{200000, 12500 * time.Millisecond, 16000},
		{1, 2 * time.Second, 0.5},
		{5, 0, 0},
		{5, -time.Second, 0},
		{0, time.Second, 0},
	}
	for _, test := range tests {
		r := &Result{Counts: Counts{Success: test.success}, Started: start, Ended: start.Add(test.window)}
		if got := r.HandshakesPerSecond(); got != test.want {
			t.Errorf("%d successes in %v: %v per second, want %v", test.success, test.window, got, test.want)
		}
	}
}

func TestKeysAreUniqueAndComplete(t *testing.T) {
	seen := map[string]bool{}
	for c := range Cause(NumCauses) {
		if seen[c.String()] || c != CauseNone && c.String() == "" {
			t.Errorf("cause %d has the key %q", c, c)
		}
		seen[c.String()] = true
	}
	for p := range Phase(NumPhases) {
		if p.String() == "" || seen[p.String()] {
			t.Errorf("phase %d has the key %q", p, p)
		}
		seen[p.String()] = true
	}
	if Cause(NumCauses).String() != "unknown" || Phase(NumPhases).String() != "unknown" {
		t.Error("a value out of range has a key")
	}
}
