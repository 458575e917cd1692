package measure

import (
	"errors"
	"fmt"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/require"
)

// Require compares requirements with a result and records the findings in it. The error has a
// line for each requirement that is not met. Without requirements, a result that was read from
// a file keeps the findings of its run.
func Require(all []require.Requirement, r *stats.Result) error {
	if len(all) == 0 {
		return nil
	}
	r.Findings = require.CheckAll(all, r)
	var unmet []error
	for _, f := range r.Findings {
		switch {
		case f.Met:
		case f.Expression == require.Valid:
			unmet = append(unmet, ui.Invalid{Err: fmt.Errorf("result not valid: the bottleneck was: %s", f.FoundText())})
		default:
			unmet = append(unmet, ui.Unmet{Err: fmt.Errorf("requirement not met: %s: found %s", f.Expression, f.FoundText())})
		}
	}
	return errors.Join(unmet...)
}
