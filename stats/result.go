package stats

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Schema names the form of the result file.
const Schema = "wsperf/1"

// MaxSources is the most source addresses of a run: a loop takes 72 bytes for
// each, a result file some 15.
const MaxSources = 1 << 16

// Setup is what the run was asked to do, as the result file's "config" says it. Tag
// merge says what becomes of a field when results are merged (MergeResults); without it,
// the field keeps its value if all results have the same.
type Setup struct {
	URL              string   `json:"url"`
	Address          string   `json:"address"`           // IP address and port that was connected to
	Sources          []string `json:"sources,omitempty"` // local addresses, empty: the kernel chose
	Headers          []string `json:"headers,omitempty"`
	Subprotocols     []string `json:"subprotocols,omitempty"`
	Origin           string   `json:"origin,omitempty"`
	Loops            int      `json:"loops" merge:"sum"`
	CPUs             []int    `json:"cpus" merge:"append"` // CPU of each loop, empty when loops are not pinned
	Connections      int64    `json:"connections" merge:"sum"`
	DurationUs       int64    `json:"duration_us" merge:"max"`
	Low              int      `json:"low" merge:"sum"`
	High             int      `json:"high" merge:"sum"`
	MaxOpen          int      `json:"max_open" merge:"sum"` // connections that the descriptor limit allows at once
	CloseCode        int      `json:"close_code"`
	ConnectTimeoutUs int64    `json:"connect_timeout_us"`
	OpenTimeoutUs    int64    `json:"open_timeout_us"`
	CloseTimeoutUs   int64    `json:"close_timeout_us"`
	Log              bool     `json:"log"`
	Samples          int      `json:"samples" merge:"max"` // failing replies to keep per cause
	Version          string   `json:"wsperf_version"`
	GoVersion        string   `json:"go_version"`
	Kernel           string   `json:"kernel"`
}

// PhaseResult is the merged measurement of one phase: successes and failures
// apart. Histogram values are microseconds.
type PhaseResult struct {
	Success   *hdrhistogram.Histogram
	Failure   *hdrhistogram.Histogram // connections that failed later than this phase, or in PhaseTotal
	Overruns  uint64                  // values above MaxTrackable, recorded as MaxTrackable
	Underruns uint64                  // values below 0, recorded as 0
}

// LoopResult is what one loop did.
type LoopResult struct {
	CPU     int    `json:"cpu" least:"-1"` // -1: not pinned
	Started uint64 `json:"started"`
	Success uint64 `json:"success"`
	Fail    uint64 `json:"fail"`
	CPUUs   int64  `json:"cpu_us"` // CPU time of the loop's thread in the window, user and system
}

// ClientCost is what the run cost the process that ran it.
type ClientCost struct {
	UserUs              int64  `json:"cpu_user_us"`
	SystemUs            int64  `json:"cpu_system_us"`
	VoluntarySwitches   int64  `json:"context_switches_voluntary"`
	InvoluntarySwitches int64  `json:"context_switches_involuntary"`
	PeakMemoryBytes     int64  `json:"peak_memory_bytes" merge:"max"` // ru_maxrss of the whole process
	Allocations         uint64 `json:"allocations"`                   // heap objects, whole process, in the window
	Collections         uint64 `json:"collections"`                   // garbage collections in the window
	SlotWaits           uint64 `json:"slot_waits"`                    // times that a start waited because the descriptor limit was reached
	ShortageWaits       uint64 `json:"shortage_waits"`                // times that starting paused because the client lacked a port, a descriptor or memory
}

// Result is the outcome of a run, or of several merged ones.
type Result struct {
	Counts
	Setup       Setup
	Started     time.Time // of the measured window
	Ended       time.Time
	StatusCodes map[int]uint64 // of CauseOpenStatus; 0: codes outside of 100..599
	Phases      [NumPhases]PhaseResult
	Loops       []LoopResult
	Client      ClientCost
	Interrupted bool
	Log         []*ConnLog         // one per loop, nil without a log
	Replies     [NumCauses][]Reply // the first few failing replies, Setup.Samples per cause at most
}

// Duration returns the length of the measured window. Times of one process are
// compared by its monotonic clock, those of result files by the wall clock.
func (r *Result) Duration() time.Duration { return r.Ended.Sub(r.Started) }

// HandshakesPerSecond returns the successes per second of the measured window,
// 0 for a window without length.
func (r *Result) HandshakesPerSecond() float64 {
	seconds := r.Duration().Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(r.Success) / seconds
}

// PerConnection divides a cost by the connections that caused it: all that were
// started, as failed ones cost CPU time too. It returns 0 if there were none.
func (r *Result) PerConnection(us int64) float64 {
	started := r.Total - r.Unmeasured.Total()
	if started == 0 {
		return 0
	}
	return float64(us) / float64(started)
}
