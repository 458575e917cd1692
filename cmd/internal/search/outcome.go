package search

import (
	"time"

	"wsperf/stats"
	"wsperf/stats/require"
)

// leastMade is the share of the starts that were due that must have been made, late or not, for
// a step to say something of its rate. The answer is no more exact than a percent
// (leastPercent). stats.LeastKept would be a millisecond of a step of a second.
const leastMade = 0.99

// outcomeOf tells what a step says of its rate.
//
// If the client made the starts, late or not, and the requirements are met, the testee can do
// the rate: times count from the intended start, so late starts make it harder. If the client
// did not make them, the step says nothing good of the testee.
//
// If the requirements are not met, the client may be the reason, unless it kept the rate.
// Failures by its own limits are never charged to the testee.
func outcomeOf(r *stats.Result) Outcome {
	switch {
	case met(r) && made(r):
		return Met
	case met(r) || failedByClient(r) > 0 || invalid(r):
		return Limited
	case r.Kept() || stalled(r):
		return Missed
	}
	return Limited
}

func met(r *stats.Result) bool {
	for _, f := range r.Findings {
		if !f.Met {
			return false
		}
	}
	return true
}

// invalid reports whether the result was required to be valid and is not.
func invalid(r *stats.Result) bool {
	for _, f := range r.Findings {
		if f.Expression == require.Valid && !f.Met {
			return true
		}
	}
	return false
}

func made(r *stats.Result) bool {
	return float64(r.Load.Due-r.Load.Owed) >= leastMade*float64(r.Load.Due)
}

// failedByClient counts the connections that failed by a limit of the client.
func failedByClient(r *stats.Result) (n uint64) {
	for c := stats.CausePortsExhausted; c <= stats.CauseClientOther; c++ {
		n += r.Causes[c]
	}
	return n
}

// stalled reports whether it was the testee that did not keep up with a rate that the client
// did not keep. Starts follow the clock, whatever the testee does, with one exception: they
// wait if as many connections are open as can be. A testee that does not answer leaves them
// open.
//
// If the starts were made, but late, the testee is the reason if it was far behind at the last
// start: by a fiftieth of the step, which is more than a round trip, and by ten times as much as
// any start was late.
func stalled(r *stats.Result) bool {
	if r.Client.SlotWaits > 0 {
		return true
	}
	behind := behind(r)
	late := time.Duration(r.Late().Max()) * time.Microsecond
	return made(r) && behind >= r.Loaded.Duration()/50 && behind >= 10*late
}

// behind returns for how long connections had come, at the last start, that had not ended well.
func behind(r *stats.Result) time.Duration {
	if r.Load.Offered <= 0 || r.Load.Due < r.Loaded.Success {
		return 0
	}
	return time.Duration(float64(r.Load.Due-r.Loaded.Success) / r.Load.Offered * float64(time.Second))
}
