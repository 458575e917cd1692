package stats

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Merge adds up the recorders of a run's loops. It fills Counts, StatusCodes, Errnos, TLS,
// Phases, Log and Replies; the caller fills the rest. For each cause it keeps as many replies
// as the recorder with the largest limit, taking the recorders in turn. The recorders
// must not be in use by their loops. The error names the histogram that could not
// hold all values.
func Merge(recs ...*Recorder) (*Result, error) {
	res := newResult()
	for _, rec := range recs {
		rec.flush()
		res.Counts.Add(&rec.counts)
		res.addStatus(rec)
		res.addErrnos(rec)
		res.addTLS(rec)
		if err := res.addPhases(rec); err != nil {
			return nil, err
		}
		if rec.log != nil {
			res.Log = append(res.Log, rec.log)
		}
	}
	res.fillReplies(recs)
	return res, nil
}

// NewPhaseResult returns a phase without any value.
func NewPhaseResult() PhaseResult {
	return PhaseResult{Success: NewHistogram(), Failure: NewHistogram()}
}

func newResult() *Result {
	res := &Result{StatusCodes: make(map[int]uint64)}
	for p := range res.Phases {
		res.Phases[p] = NewPhaseResult()
	}
	return res
}

func (r *Result) addStatus(rec *Recorder) {
	for code, n := range rec.status {
		if n > 0 {
			r.StatusCodes[code] += n
		}
	}
}

func (r *Result) addPhases(rec *Recorder) error {
	for p := range r.Phases {
		err := r.Phases[p].add(Phase(p), PhaseResult{
			Success:   rec.successes[p],
			Failure:   rec.failures[p],
			Overruns:  rec.overruns[p],
			Underruns: rec.underruns[p],
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// add merges other into r; both are of phase p, which the error names.
func (r *PhaseResult) add(p Phase, other PhaseResult) error {
	if err := mergeHistogram(r.Success, other.Success); err != nil {
		return fmt.Errorf("phase %v of the successes: %w", p, err)
	}
	if err := mergeHistogram(r.Failure, other.Failure); err != nil {
		return fmt.Errorf("phase %v of the failures: %w", p, err)
	}
	r.Overruns += other.Overruns
	r.Underruns += other.Underruns
	r.LeftOut += other.LeftOut
	return nil
}

func mergeHistogram(to, from *hdrhistogram.Histogram) error {
	if dropped := to.Merge(from); dropped != 0 {
		return fmt.Errorf("%d of %d values do not fit the merged histogram", dropped, from.TotalCount())
	}
	return nil
}
