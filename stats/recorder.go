package stats

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxTrackable is the longest duration that the histograms hold: they go from
// 1 microsecond to MaxTrackable with 3 significant digits, in microseconds.
const MaxTrackable = 10 * time.Minute

const (
	maxTrackableUs    = int64(MaxTrackable / time.Microsecond)
	significantDigits = 3
)

// NewHistogram returns an empty histogram with the range of all histograms of
// this package: 1 microsecond to MaxTrackable, 3 significant digits.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, maxTrackableUs, significantDigits)
}

// Sample is one finished connection, as its loop measured it.
type Sample struct {
	// Ns is the duration of each phase in nanoseconds. Ns[PhaseTotal] is always
	// needed, the others only when the phase was reached.
	Ns [NumPhases]int64
	// Reached holds the phases that came to their end. PhaseTotal need not be in it.
	Reached Phases
}

// Fin is the way in which a connection ended after a complete closing handshake.
type Fin uint8

// The ways, in the order of FinResult. Each success ends in exactly one.
const (
	FinReceived Fin = iota // the testee's FIN came; PhaseFin is reached
	FinReset               // an RST came instead
	FinTimeout             // neither came in time
)

// Recorder counts and measures the connections of one loop. It belongs to that
// loop alone and takes no locks. All its memory, less than 2 MB, is allocated by
// NewRecorder. No sample is lost: what does not fit a histogram is recorded as
// the nearest value that does, and counted as an overrun or underrun.
type Recorder struct {
	counts Counts
	status [maxStatus + 1]uint64 // by code; [otherStatus]: the invalid ones

	successes [NumPhases]*hdrhistogram.Histogram
	failures  [NumPhases]*hdrhistogram.Histogram
	overruns  [NumPhases]uint64
	underruns [NumPhases]uint64

	batch   [batchSize]measured // successes that are not in the histograms yet
	batched int

	log     *ConnLog // nil: no record per connection
	replies *replies // nil: none is kept
}

// NewRecorder returns an empty recorder. log may be nil; otherwise it takes one
// record per finished connection and belongs to the recorder from now on.
func NewRecorder(log *ConnLog) *Recorder {
	r := &Recorder{log: log}
	for p := range NumPhases {
		r.successes[p] = NewHistogram()
		r.failures[p] = NewHistogram()
	}
	return r
}

// KeepReplies has the recorder keep the first perCause replies of each cause, 1
// to MaxSamples. It comes before the first connection.
func (r *Recorder) KeepReplies(perCause int) { r.replies = newReplies(perCause) }

// Start counts a connection that was started. Each one must come to Success or
// Fail, once.
func (r *Recorder) Start() { r.counts.Total++ }

// Success records a connection whose opening and closing handshake were completed.
func (r *Recorder) Success(s *Sample) {
	r.counts.Success++
	m := &r.batch[r.batched]
	*m = r.measure(s)
	r.keep(&m.us, false)
	r.batched++
	if r.batched == batchSize {
		r.flush()
	}
}

// Fail records a connection that failed for the cause c, apart from the
// successes: the phases that it reached, and PhaseTotal.
func (r *Recorder) Fail(s *Sample, c Cause) {
	r.counts.Fail++
	r.counts.Causes[c]++
	m := r.measure(s)
	m.record(&r.failures)
	r.keep(&m.us, true)
}

// Reply keeps what the testee said on a connection that failed, when there is
// room for one more of that cause; it goes with the Fail of that connection.
func (r *Recorder) Reply(c Cause, received []byte) {
	if r.replies != nil {
		r.replies.keep(c, received)
	}
}

// Status counts the status code of a CauseOpenStatus failure; it goes with the
// Fail of that connection. Codes outside of 100..599 are counted as 0, "other".
func (r *Recorder) Status(code int) {
	if code < minStatus || code > maxStatus {
		code = otherStatus
	}
	r.status[code]++
}

// Fin counts how a connection ended after its closing handshake; it goes with
// the Success of that connection.
func (r *Recorder) Fin(f Fin) { r.counts.Fin.count(f) }

// Throttle counts that the connections in flight reached the high watermark.
func (r *Recorder) Throttle() { r.counts.Throttled++ }

// Resume counts that starting began, or began again below the low watermark.
func (r *Recorder) Resume() { r.counts.Resumed++ }

// Counts returns the connections started, succeeded and failed so far. Only the
// loop that owns the recorder may call it while the run lasts.
func (r *Recorder) Counts() (started, success, fail uint64) {
	return r.counts.Total, r.counts.Success, r.counts.Fail
}

// batchSize is how many successes are put into the histograms at a time. What
// the kernel does for a connection leaves nothing of them in the cache: so that
// of one phase is fetched once for many values.
const batchSize = 256

// measured is a connection as the histograms take it.
type measured struct {
	us      [NumPhases]uint32 // 0 for the phases that were not reached
	reached Phases            // with PhaseTotal
}

func (r *Recorder) measure(s *Sample) (m measured) {
	m.reached = s.Reached.With(PhaseTotal)
	for p := range Phase(NumPhases) {
		if m.reached.Has(p) {
			m.us[p] = uint32(r.clampUs(p, s.Ns[p]))
		}
	}
	return m
}

func (m *measured) record(set *[NumPhases]*hdrhistogram.Histogram) {
	for p := range Phase(NumPhases) {
		m.recordPhase(p, set[p])
	}
}

func (m *measured) recordPhase(p Phase, h *hdrhistogram.Histogram) {
	if m.reached.Has(p) {
		// The error is impossible in the clamped range; Result.Check would show
		// the missing value.
		_ = h.RecordValue(int64(m.us[p]))
	}
}

// flush puts the batch into the histograms.
func (r *Recorder) flush() {
	for p, h := range r.successes {
		for i := range r.batch[:r.batched] {
			r.batch[i].recordPhase(Phase(p), h)
		}
	}
	r.batched = 0
}

// clampUs turns nanoseconds into microseconds, rounded half up, within
// 0..MaxTrackable. It comes before RecordValue because that one allocates an
// error for a value out of its range.
func (r *Recorder) clampUs(p Phase, ns int64) int64 {
	switch {
	case ns < 0:
		r.underruns[p]++
		return 0
	case ns > int64(MaxTrackable):
		r.overruns[p]++
		return maxTrackableUs
	}
	return (ns + 500) / 1000
}

// keep adds the connection to the log, if there is one.
func (r *Recorder) keep(us *[NumPhases]uint32, failed bool) {
	if r.log == nil {
		return
	}
	r.log.add(ConnRecord{
		ConnectUs: us[PhaseConnect],
		OpenUs:    us[PhaseOpen],
		CloseUs:   us[PhaseClose],
		Failed:    failed,
	})
}
