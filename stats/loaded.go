package stats

import (
	"fmt"
	"time"
)

// LoadedResult is what a run did in its loaded window, from its first start to its last:
// Handshakes/sec of the whole duration includes the drain, in which nothing is started,
// and a single connection that times out prolongs that. The zero value means that the
// window is not known.
type LoadedResult struct {
	FirstNs int64  `json:"first_start"` // nanoseconds since the Unix epoch
	LastNs  int64  `json:"last_start"`  // nanoseconds since the Unix epoch
	Success uint64 `json:"success"`     // successes that ended by the last start of their process

	// WarmupSuccess counts the connections of the warm-up that ended in the window. They are in no other
	// count, but the testee was busy with them: without them, the rate of a window that is not long beside
	// a connection would be too low, and the lower, the slower the testee.
	WarmupSuccess uint64 `json:"success_of_warmup,omitzero"`
}

// Add extends the window by that of another process. A process whose last start comes before
// that of the others has no success counted that ended after it: when one ended is not known
// here (loadedSum).
func (l *LoadedResult) Add(o LoadedResult) {
	if *l == (LoadedResult{}) {
		*l = o
		return
	}
	l.FirstNs, l.LastNs = min(l.FirstNs, o.FirstNs), max(l.LastNs, o.LastNs)
	l.Success += o.Success
	l.WarmupSuccess += o.WarmupSuccess
}

// Duration returns the length of the loaded window.
func (l LoadedResult) Duration() time.Duration { return time.Duration(l.LastNs - l.FirstNs) }

// LoadedHandshakesPerSecond returns the successes per second of the loaded window, with those that the
// warm-up had begun. ok is
// false if the window is not known, or if fewer than half of the successes ended in it:
// then starting took less time than a connection, and the window says nothing of the rate.
// The rate of several processes is too low rather than too high (LoadedResult.Add).
func (r *Result) LoadedHandshakesPerSecond() (perSecond float64, ok bool) {
	length := r.Loaded.Duration()
	if length <= 0 || r.Loaded.Success < (r.Success+1)/2 {
		return 0, false
	}
	return float64(r.Loaded.Success+r.Loaded.WarmupSuccess) / length.Seconds(), true
}

// Drain returns the time from the last start to the last end, 0 if the last start is not
// known.
func (r *Result) Drain() time.Duration {
	if r.Loaded == (LoadedResult{}) {
		return 0
	}
	return max(0, r.Duration()-time.Duration(r.Loaded.LastNs-r.Started.UnixNano()))
}

func (r *Result) checkLoaded() error {
	l := r.Loaded
	if l == (LoadedResult{}) {
		return nil
	}
	startedNs := r.Started.UnixNano()
	if l.FirstNs < startedNs || l.LastNs < l.FirstNs || l.LastNs > startedNs+int64(r.Duration()) {
		return fmt.Errorf("loaded window: %d to %d is not a part of the measured window", l.FirstNs, l.LastNs)
	}
	if l.Success > r.Success {
		return fmt.Errorf("successes in the loaded window (%d) are more than successes (%d)", l.Success, r.Success)
	}
	return nil
}

// loadedSum merges the loaded windows of results.
type loadedSum struct {
	window  LoadedResult
	unknown bool // that of a result with a connection
	tails   []tail
}

// tail is what a result has done after its own last start.
type tail struct {
	endedNs int64
	success uint64
}

// add adds the window of a result. One without a connection has none, and does not count.
func (s *loadedSum) add(r *Result) {
	switch {
	case r.Loaded != (LoadedResult{}):
		s.window.Add(r.Loaded)
		s.tails = append(s.tails, tail{r.Started.UnixNano() + int64(r.Duration()), r.Success - min(r.Success, r.Loaded.Success)})
	case r.Total > 0:
		s.unknown = true
	}
}

// result returns the window over all results, the zero value if that of one is not known. What
// ended before the last start of all is in it: without that, the rate of many parts with few
// connections each would lack one connection of each part.
func (s *loadedSum) result() LoadedResult {
	if s.unknown {
		return LoadedResult{}
	}
	all := s.window
	for _, t := range s.tails {
		if t.endedNs <= all.LastNs {
			all.Success += t.success
		}
	}
	return all
}
