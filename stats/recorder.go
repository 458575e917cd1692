package stats

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxTrackable is the longest duration that a histogram holds.
const MaxTrackable = 10 * time.Minute

const (
	maxTrackableUs    = int64(MaxTrackable / time.Microsecond)
	significantDigits = 3
)

// NewHistogram returns an empty histogram in microseconds, with the range of all
// histograms of this package: 1 microsecond to MaxTrackable, 3 significant digits.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, maxTrackableUs, significantDigits)
}

// Sample is the measurement of one finished connection.
type Sample struct {
	// Ns is the duration of each phase in nanoseconds. It is read for the phases in
	// Reached and for PhaseTotal.
	Ns [NumPhases]int64
	// Reached is the set of completed phases. PhaseTotal need not be in it.
	Reached Phases
}

// Fin is how a connection ended after a complete closing handshake.
type Fin uint8

// The ends of a success, in the order of FinResult.
const (
	FinReceived Fin = iota // the testee's FIN came; PhaseFin is reached
	FinReset               // an RST came instead
	FinTimeout             // neither came within the close timeout
)

// Recorder counts and measures the connections of one loop. Only that loop uses it,
// so it takes no locks. NewRecorder allocates its memory, less than 4 MB; KeepReplies
// allocates more, and so does a log that outgrows its capacity. No sample is lost: a
// value outside of a histogram's range is recorded as the nearest value in the range,
// and counted as an overrun or underrun.
type Recorder struct {
	counts Counts
	status [maxStatus + 1]uint64 // by code; [otherStatus]: the invalid ones

	successes [NumPhases]*hdrhistogram.Histogram
	failures  [NumPhases]*hdrhistogram.Histogram
	overruns  [NumPhases]uint64
	underruns [NumPhases]uint64

	batch   [batchSize]measured // successes that flush has not yet recorded
	batched int

	tls    tlsCounts
	errnos [NumCauses][maxErrno + 1]uint64 // of catch-all causes; [otherErrno]: those without a name

	interval *IntervalRecorder // nil: no intervals are recorded
	atCut    Counts            // when the interval began

	log     *ConnLog // nil: no record per connection
	replies *replies // nil: replies are not kept
}

// NewRecorder returns an empty recorder. It adds a record per finished connection to
// log, unless that is nil, and takes ownership of it.
func NewRecorder(log *ConnLog) *Recorder {
	r := &Recorder{log: log}
	for p := range NumPhases {
		r.successes[p] = NewHistogram()
		r.failures[p] = NewHistogram()
	}
	return r
}

// KeepReplies makes the recorder keep the first perCause replies of each cause, 0 to
// MaxSamples. It must be called before the first connection.
func (r *Recorder) KeepReplies(perCause int) { r.replies = newReplies(perCause) }

// Start counts a connection that was started. Exactly one call of Success or Fail must
// follow for it.
func (r *Recorder) Start() { r.counts.Total++ }

// Success records a connection that completed the opening and the closing handshake.
// Exactly one call of Fin must go with it.
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

// Fail records a connection that failed for cause c: the phases in s.Reached and
// PhaseTotal, in histograms of their own.
func (r *Recorder) Fail(s *Sample, c Cause) {
	r.counts.Fail++
	r.counts.Causes[c]++
	m := r.measure(s)
	m.record(&r.failures)
	if r.interval != nil {
		r.interval.addFailure(&m)
	}
	r.keep(&m.us, true)
}

// Reply keeps what the testee sent on a connection that failed, if there is room for
// one more reply of that cause. It is called beside Fail.
func (r *Recorder) Reply(c Cause, received []byte) {
	if r.replies != nil {
		r.replies.keep(c, received)
	}
}

// Status counts the status code of a failure, and must be called once for each Fail
// with CauseOpenStatus. Codes outside of 100..599 are counted as 0, "other".
func (r *Recorder) Status(code int) {
	if code < minStatus || code > maxStatus {
		code = otherStatus
	}
	r.status[code]++
}

// Fin counts how a successful connection ended.
func (r *Recorder) Fin(f Fin) { r.counts.Fin.count(f) }

// Throttle counts that starting stopped at the high watermark.
func (r *Recorder) Throttle() { r.counts.Throttled++ }

// Resume counts that starting began, or resumed below the low watermark.
func (r *Recorder) Resume() { r.counts.Resumed++ }

// Counts returns how many connections were started, succeeded and failed so far.
// During the run only the loop that owns the recorder may call it.
func (r *Recorder) Counts() (started, success, fail uint64) {
	return r.counts.Total, r.counts.Success, r.counts.Fail
}

// batchSize is how many successes are recorded in the histograms at a time. Kernel
// work evicts the histograms between connections. A batch fetches each phase's
// histogram once per 256 values.
const batchSize = 256

// measured is a Sample in microseconds, clamped to the range of the histograms.
type measured struct {
	us      [NumPhases]uint32 // 0 for the phases that were not reached
	reached Phases            // including PhaseTotal
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
		// A clamped value cannot fail. If one did, Result.Check would report it.
		_ = h.RecordValue(int64(m.us[p]))
	}
}

// flush records the batch in the histograms.
func (r *Recorder) flush() {
	for p, h := range r.successes {
		for i := range r.batch[:r.batched] {
			r.batch[i].recordPhase(Phase(p), h)
		}
	}
	if r.interval != nil {
		r.interval.addSuccesses(r.batch[:r.batched])
	}
	r.batched = 0
}

// clampUs converts nanoseconds to microseconds, rounded half up and clamped to
// 0..MaxTrackable. Values are clamped before RecordValue, which allocates an error
// for a value out of range.
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

// keep adds a record to the log, if there is one.
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
