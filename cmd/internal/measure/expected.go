package measure

import (
	"errors"
	"fmt"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

// Expected is how many results there should be.
type Expected struct {
	Parts   int // of one run; 0: any results
	MayLack int // how many of the parts may be missing
}

// Check returns an error in one line unless the numbers of --expect and --allow-missing are in
// range.
func (e Expected) Check() error {
	switch {
	case e.Parts < 1 || e.Parts > stats.MaxParts:
		return fmt.Errorf("--expect %d: must be 1 to %d", e.Parts, stats.MaxParts)
	case e.MayLack < 0 || e.MayLack >= e.Parts:
		return fmt.Errorf("--allow-missing %d: must be 0 to %d, fewer than all parts", e.MayLack, e.Parts-1)
	}
	return nil
}

// Merge merges all results, or those that are parts of the run. merged is nil if there is none.
// missing is an unmet requirement that names the parts that are not there, if they are too many.
func (e Expected) Merge(in *file.Input) (merged *stats.Result, found file.Found, missing error) {
	if e.Parts == 0 {
		var m file.Merger
		found = in.Each(m.Add)
		return m.Result(), found, nil
	}
	g := stats.NewGather(e.Parts)
	found = in.Each(g.Add)
	merged, err := g.Result()
	if err != nil { // each file has its own error
		return nil, found, nil
	}
	return merged, found, e.Missing(merged)
}

// Missing is an unmet requirement if a result lacks more parts than may be missing.
func (e Expected) Missing(r *stats.Result) error {
	s, ok := r.Spread()
	if !ok || len(s.Missing)+len(s.TooLate) <= e.MayLack {
		return nil
	}
	return ui.Unmet{Err: errors.New(s.Incomplete())}
}
