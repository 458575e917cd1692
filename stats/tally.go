package stats

import "github.com/HdrHistogram/hdrhistogram-go"

// Timing is one connection as connection_stats of a result file records it. In the
// ancestor's files, a phase that a failed connection did not reach can have any value, even
// a negative one: it is computed from stamps that were never set.
type Timing struct {
	ConnectUs int64
	OpenUs    int64
	CloseUs   int64
	Failed    bool
}

// Tally makes a result from Timings. Like a Recorder, it clamps and counts the values above
// MaxTrackable. A negative value is no duration: it is counted and left out of the
// histograms. Result.Check refuses a result that lacks one of a success.
type Tally struct {
	res *Result // nil until needed: it takes 3 MB
}

// NewTally returns an empty tally.
func NewTally() *Tally { return &Tally{} }

// Add counts one connection.
func (t *Tally) Add(c Timing) {
	r := t.Result()
	r.Total++
	if c.Failed {
		r.Fail++
		r.Unmeasured.Fail++
	} else {
		r.Success++
		r.Unmeasured.Success++
	}
	r.Phases[PhaseConnect].addUs(c.ConnectUs, c.Failed)
	r.Phases[PhaseOpen].addUs(c.OpenUs, c.Failed)
	r.Phases[PhaseClose].addUs(c.CloseUs, c.Failed)
}

// Result returns a result with Total, Success, Fail, Unmeasured and Phases. The caller
// fills the rest.
func (t *Tally) Result() *Result {
	if t.res == nil {
		t.res = newResult()
	}
	return t.res
}

func (r *PhaseResult) addUs(us int64, failed bool) {
	switch {
	case us < 0:
		r.LeftOut++
		return
	case us > maxTrackableUs:
		r.Overruns++
		us = maxTrackableUs
	}
	_ = r.of(failed).RecordValue(us) // a clamped value cannot fail
}

func (r *PhaseResult) of(failed bool) *hdrhistogram.Histogram {
	if failed {
		return r.Failure
	}
	return r.Success
}
