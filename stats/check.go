package stats

import "fmt"

// Check verifies that the result's numbers agree: no connection is missing, and none
// was counted twice. The error names both sides of the first equation that does not
// hold.
func (r *Result) Check() error {
	for _, check := range []func() error{
		r.checkUnmeasured, r.checkTotals, r.checkPhases, r.checkFin, r.checkParts, r.checkReplies, r.checkErrnos, r.checkTLS, r.checkLoaded, r.checkLoad,
		r.checkFindings, r.checkIntervals, r.checkProvenance, r.checkCounters, r.checkKernels, r.checkMachines, r.checkTesteeCost, r.checkVerdict, r.checkCalibration, r.checkShares, r.checkOmitted,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) checkTotals() error {
	var charged uint64
	for _, n := range r.Causes[CauseNone+1:] {
		charged += n
	}
	return firstError(
		equal("connections started", r.Total, "successes + failures", r.Success+r.Fail),
		equal("failures", r.Fail-r.Unmeasured.Fail, "sum of all causes", charged),
		equal("failures without a cause", r.Causes[CauseNone], "allowed", 0),
		equal("open_status failures", r.Causes[CauseOpenStatus], "sum of all status codes", sum(r.StatusCodes)),
	)
}

func (r *Result) checkUnmeasured() error {
	u := r.Unmeasured
	if u.Success > r.Success || u.Fail > r.Fail {
		return fmt.Errorf("unmeasured successes and failures (%d, %d) are more than successes and failures (%d, %d)",
			u.Success, u.Fail, r.Success, r.Fail)
	}
	return nil
}

// checkPhases verifies that every success has a value in each phase with
// phaseRow.every, and that every failure has one in PhaseTotal. Unmeasured connections
// have no PhaseTotal.
func (r *Result) checkPhases() error {
	for p := range Phase(NumPhases) {
		phase := &r.Phases[p]
		if phase.Success == nil || phase.Failure == nil {
			return fmt.Errorf("phase %v has no histogram", p)
		}
		success := uint64(phase.Success.TotalCount())
		if want := r.successesIn(p); phaseRows[p].every && success != want {
			return equal(fmt.Sprintf("successes in phase %v", p), success, "successes", want)
		}
		if err := r.checkFailuresIn(p); err != nil {
			return err
		}
	}
	failed := uint64(r.Phases[PhaseTotal].Failure.TotalCount())
	return equal("failures in phase total", failed, "failures", r.Fail-r.Unmeasured.Fail)
}

func (r *Result) checkFailuresIn(p Phase) error {
	leftOut := r.Phases[p].LeftOut
	if leftOut > r.Unmeasured.Fail {
		return fmt.Errorf("failures left out of phase %v (%d) are more than unmeasured failures (%d)", p, leftOut, r.Unmeasured.Fail)
	}
	if fail := uint64(r.Phases[p].Failure.TotalCount()) + leftOut; fail > r.Fail {
		return fmt.Errorf("failures in phase %v (%d) are more than failures (%d)", p, fail, r.Fail)
	}
	return nil
}

// successesIn returns how many successes can have a value in phase p: unmeasured
// ones have neither fin nor total.
func (r *Result) successesIn(p Phase) uint64 {
	if p == PhaseFin || p == PhaseTotal {
		return r.Success - r.Unmeasured.Success
	}
	return r.Success
}

func (r *Result) checkFin() error {
	ended := r.Fin.Received + r.Fin.Reset + r.Fin.Timeout
	measured := uint64(r.Phases[PhaseFin].Success.TotalCount())
	return firstError(
		equal("ends after a closing handshake", ended, "successes", r.Success-r.Unmeasured.Success),
		equal("successes in phase fin", measured, "FINs received", r.Fin.Received),
	)
}

// checkParts compares the totals with the sums over the loops and logs, if any.
func (r *Result) checkParts() error {
	if len(r.Loops) > 0 {
		var started, success, fail uint64
		for _, l := range r.Loops {
			started, success, fail = started+l.Started, success+l.Success, fail+l.Fail
		}
		err := firstError(
			equal("connections started by all loops", started, "connections started", r.Total-r.Unmeasured.Total()),
			equal("successes of all loops", success, "successes", r.Success-r.Unmeasured.Success),
			equal("failures of all loops", fail, "failures", r.Fail-r.Unmeasured.Fail),
			r.checkShortcuts(),
		)
		if err != nil {
			return err
		}
	}
	return r.checkLog()
}

func (r *Result) checkShortcuts() error {
	for i, l := range r.Loops {
		if max(l.EarlyWrites, l.KeptSockets) > l.Started {
			return fmt.Errorf("loop %d: %d early writes and %d kept sockets in %d connections", i, l.EarlyWrites, l.KeptSockets, l.Started)
		}
	}
	return nil
}

func (r *Result) checkLog() error {
	if r.Log == nil {
		return nil
	}
	var records uint64
	for _, l := range r.Log {
		records += uint64(l.Len())
	}
	return equal("records in the log", records, "connections ended", r.Success+r.Fail)
}

// checkReplies verifies that no cause has more replies than failures, or more than
// Setup.Samples.
func (r *Result) checkReplies() error {
	for c, kept := range r.Replies {
		n := uint64(len(kept))
		if n > r.Causes[c] {
			return fmt.Errorf("replies kept for %v (%d) are more than its failures (%d)", Cause(c), n, r.Causes[c])
		}
		if n > uint64(max(0, r.Setup.Samples)) {
			return fmt.Errorf("replies kept for %v (%d) are more than requested (%d)", Cause(c), n, r.Setup.Samples)
		}
		for _, reply := range kept {
			if err := reply.check(); err != nil {
				return fmt.Errorf("a reply kept for %v: %w", Cause(c), err)
			}
		}
	}
	return nil
}

func (r Reply) check() error {
	if n := len(r.Bytes); n == 0 || n > MaxReplyBytes || n > r.Total {
		return fmt.Errorf("%d bytes of %d, must be 1 to %d", n, r.Total, MaxReplyBytes)
	}
	return nil
}

func equal(left string, leftCount uint64, right string, rightCount uint64) error {
	if leftCount == rightCount {
		return nil
	}
	return fmt.Errorf("%s (%d) differ from %s (%d)", left, leftCount, right, rightCount)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
