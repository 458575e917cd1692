package stats

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Schema is the name and version of the result file's format.
const Schema = "wsperf/1"

// MaxSources is the limit of source addresses of a run. A loop takes 72 bytes for
// each, a result file about 15.
const MaxSources = 1 << 16

// Setup is what the run was asked to do: "config" in the result file. The struct tag
// merge is how MergeResults merges a field; without it, the field keeps its value if
// all results have the same one, and is zero otherwise. The struct tag part is how the parts of one
// run may differ in a field (Gather).
type Setup struct {
	URL               string     `json:"url"`
	Address           string     `json:"address" part:"own"`           // IP address and port that was connected to
	Sources           []string   `json:"sources,omitempty" part:"own"` // local addresses, empty: the kernel chose
	Headers           []string   `json:"headers,omitempty"`
	Subprotocols      []string   `json:"subprotocols,omitempty"`
	Origin            string     `json:"origin,omitempty"`
	Loops             int        `json:"loops" merge:"sum" part:"own"`
	CPUs              []int      `json:"cpus" merge:"append" part:"own"` // CPU of each loop, empty if the loops are not pinned
	Connections       int64      `json:"connections" merge:"sum" part:"share"`
	DurationUs        int64      `json:"duration_us" merge:"max"`
	WarmupUs          int64      `json:"warmup_us,omitzero" merge:"max"`
	WarmupConnections int64      `json:"warmup_connections,omitzero" merge:"sum" part:"share"`
	Low               int        `json:"low" merge:"sum" part:"share"`                // of a closed loop, 0 for an open one
	High              int        `json:"high" merge:"sum" part:"share"`               // of a closed loop, 0 for an open one
	Rate              float64    `json:"rate,omitzero" merge:"sum" part:"share"`      // of an open loop with a constant rate, in starts per second
	Stages            []Stage    `json:"stages,omitempty" merge:"apart" part:"share"` // of an open loop whose rate changes
	Arrivals          Arrivals   `json:"arrivals,omitempty"`                          // of an open loop
	MaxOpen           int        `json:"max_open" merge:"sum" part:"own"`             // limit of simultaneous connections
	MaxOpenBy         OpenLimit  `json:"max_open_by,omitempty" part:"own"`            // what sets it, empty in older files
	Timestamps        Timestamps `json:"timestamps,omitempty"`                        // empty: TimestampsSampled
	IntervalUs        int64      `json:"interval_us,omitzero"`                        // of the intervals of the result; 0: none
	CloseCode         int        `json:"close_code"`
	ConnectTimeoutUs  int64      `json:"connect_timeout_us"`
	OpenTimeoutUs     int64      `json:"open_timeout_us"`
	CloseTimeoutUs    int64      `json:"close_timeout_us"`
	SecureTimeoutUs   int64      `json:"secure_timeout_us,omitzero"` // of the TLS handshake; 0: ws://
	TLS               TLSSetup   `json:"tls,omitzero"`               // zero: ws://
	Log               bool       `json:"log"`
	Samples           int        `json:"samples" merge:"max"` // replies to keep per cause of failure
	Version           string     `json:"wsperf_version" part:"own"`
	GoVersion         string     `json:"go_version" part:"own"`
	Kernel            string     `json:"kernel" part:"own"`
}

// PhaseResult is the merged measurement of one phase. The histograms are in
// microseconds.
type PhaseResult struct {
	Success   *hdrhistogram.Histogram
	Failure   *hdrhistogram.Histogram // connections that completed this phase and failed later; in PhaseTotal all failures
	Overruns  uint64                  // values above MaxTrackable, recorded as MaxTrackable
	Underruns uint64                  // values below 0, recorded as 0
	LeftOut   uint64                  // values below 0 of failed connections in the ancestor's files, not recorded (Tally)
}

// LoopResult counts the connections of one loop, and the CPU time that it used.
type LoopResult struct {
	CPU     int    `json:"cpu" least:"-1"` // -1: not pinned
	Started uint64 `json:"started"`
	Success uint64 `json:"success"`
	Fail    uint64 `json:"fail"`
	CPUUs   int64  `json:"cpu_us"` // CPU time of the loop's thread in the measured window, user and system

	// EarlyWrites counts the connections that were established when connect(2) returned, as on
	// loopback: their phase connect ends there, and their request was written at once. Phase
	// connect of the others ends when their loop has seen the event, and contains its delay.
	EarlyWrites uint64 `json:"early_writes,omitzero"`
	KeptSockets uint64 `json:"kept_sockets,omitzero"` // connections whose socket was kept for another one

	// What the loop did in the measured window. Older files lack it.
	BusyUs    int64  `json:"busy_us,omitzero"`     // time in which it did not sleep in epoll_wait
	RunWaitUs int64  `json:"run_wait_us,omitzero"` // time in which its thread could run and had no CPU, 0 if the kernel does not count it
	Waits     uint64 `json:"waits,omitzero"`       // calls of epoll_wait
	Events    uint64 `json:"events,omitzero"`      // that these returned
	MaxBatch  int    `json:"max_batch,omitzero"`   // most events of one call
}

// ClientCost is the resource usage of the process that made the load. All but
// PeakMemoryBytes cover the measured window only.
type ClientCost struct {
	UserUs              int64  `json:"cpu_user_us"`
	SystemUs            int64  `json:"cpu_system_us"`
	VoluntarySwitches   int64  `json:"context_switches_voluntary"`
	InvoluntarySwitches int64  `json:"context_switches_involuntary"`
	PeakMemoryBytes     int64  `json:"peak_memory_bytes" merge:"max"` // ru_maxrss of the whole process
	Allocations         uint64 `json:"allocations"`                   // heap objects allocated by the whole process
	Collections         uint64 `json:"collections"`                   // garbage collections
	CollectionPauseUs   int64  `json:"collection_pause_us,omitzero"`  // in which collections stopped the world
	CollectionCPUUs     int64  `json:"collection_cpu_us,omitzero"`    // CPU time of the collections
	SlotWaits           uint64 `json:"slot_waits"`                    // times that starting paused at Setup.MaxOpen
	ShortageWaits       uint64 `json:"shortage_waits"`                // times that starting paused because the client lacked a port, a source address, a descriptor or memory

	// A stall is a time of 100 ms or longer in which a loop did not run, because the process
	// was stopped or got no CPU. If a timeout is shorter, so are stalls, down to 10 ms. Each
	// loop counts its own. Phases of connections that were open then contain them.
	Stalls         uint64 `json:"stalls,omitzero"`
	StalledUs      int64  `json:"stalled_us,omitzero"` // of all loops together
	LongestStallUs int64  `json:"longest_stall_us,omitzero" merge:"max"`
}

// Result is the outcome of a run, or of several merged runs.
type Result struct {
	Counts
	Setup       Setup
	Load        LoadResult
	Loaded      LoadedResult
	Started     time.Time                 // start of the measured window
	Ended       time.Time                 // end of the measured window
	StatusCodes map[int]uint64            // of the CauseOpenStatus failures; key 0: codes outside of 100..599
	Errnos      [NumCauses]map[int]uint64 // of catch-all causes; key 0: one without a name. nil: none, or not recorded
	TLS         TLSResult                 // zero: ws://, or no TLS handshake was complete
	Phases      [NumPhases]PhaseResult
	Loops       []LoopResult
	Client      ClientCost
	Counters    Counters        // zero in older files
	TesteeCost  TesteeCost      // zero in older files
	Kernel      []KernelResult  // one per network namespace; empty: not known
	Machines    []MachineResult // empty: not known
	Parts       []Part          // of a run in several processes, by run and number; empty: it was in one
	Omitted     []Omitted       // what was too much for a merged result
	Interrupted bool
	Verdict     Verdict            // zero in older files
	Calibration Calibration        // zero: there is none of this machine and load
	Intervals   []Interval         // of the measured window in turn; empty: not recorded
	Findings    []Finding          // the requirements of the run, in their order
	Provenance  Provenance         // zero in older files
	Differences []Difference       // what bears on the measurement and is not the same in all merged results
	Log         []*ConnLog         // one per loop, nil without a log
	Replies     [NumCauses][]Reply // the first replies of failed connections, at most Setup.Samples per cause

	traits *traits // of all that were merged; nil: not merged in this process
}

// Duration returns the length of the measured window: by the monotonic clock for a
// run of this process, by the wall clock for a result file.
func (r *Result) Duration() time.Duration { return r.Ended.Sub(r.Started) }

// HandshakesPerSecond returns the successes per second of the measured window, and 0
// if its length is not positive.
func (r *Result) HandshakesPerSecond() float64 {
	seconds := r.Duration().Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(r.Success) / seconds
}

// PerConnection divides a cost by the connections that were started: failed ones cost
// CPU time too. Unmeasured ones are not counted, because their cost is unknown. It
// returns 0 if there were none.
func (r *Result) PerConnection(us int64) float64 {
	started := r.Total - r.Unmeasured.Total()
	if started == 0 {
		return 0
	}
	return float64(us) / float64(started)
}
