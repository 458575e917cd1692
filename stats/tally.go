package stats

import "github.com/HdrHistogram/hdrhistogram-go"

// Timing is one connection as the ancestor's result files tell of it. Its
// clocks are not trusted: those of a connection that never reached a phase can
// be anything, also negative.
type Timing struct {
	ConnectUs int64
	OpenUs    int64
	CloseUs   int64
	Failed    bool
}

// Tally makes a result of connections that are known by their Timing alone.
// What does not fit a histogram is clamped and counted, as a Recorder does it.
type Tally struct {
	res *Result // made with the first connection: it takes 1.5 MB
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

// Result returns what was added. Counts, Phases and Unmeasured are filled; the
// rest is left to the caller.
func (t *Tally) Result() *Result {
	if t.res == nil {
		t.res = newResult()
	}
	return t.res
}

func (r *PhaseResult) addUs(us int64, failed bool) {
	switch {
	case us < 0:
		r.Underruns++
		us = 0
	case us > maxTrackableUs:
		r.Overruns++
		us = maxTrackableUs
	}
	_ = r.of(failed).RecordValue(us) // impossible to fail in the clamped range
}

func (r *PhaseResult) of(failed bool) *hdrhistogram.Histogram {
	if failed {
		return r.Failure
	}
	return r.Success
}
