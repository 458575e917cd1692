package stats

import (
	"fmt"
	"slices"
	"time"
)

// Calibration compares a run with what its machine can do with the built-in testee ("wsperf
// calibrate"): "calibration" in the result file. The zero value means that there is no
// calibration with these loops, CPUs and watermarks.
type Calibration struct {
	PerSecond float64   `json:"handshakes_per_second,omitzero"` // that the machine can do; 0: not compared
	Share     float64   `json:"share,omitzero"`                 // of it that the run did
	TLS       string    `json:"tls,omitempty"`                  // the kind of handshakes that are compared; empty: ws://
	Measured  time.Time `json:"measured,omitzero"`              // when that was found, in UTC
	Differs   string    `json:"differs,omitempty"`              // what has changed since, so that it is not compared
	Missing   string    `json:"missing,omitempty"`              // why none is of such handshakes, and what to run
	Problem   string    `json:"problem,omitempty"`              // why no calibration could be read
}

// MaxCalibrationBytes bounds the texts of a Calibration.
const MaxCalibrationBytes = 300

// HighShare is the share of what a machine can do above which wsperf itself may be what bounds a run.
const HighShare = 0.85

// calibrationSum keeps the calibration of a result alone: of several runs at once each had a part
// of the machine.
type calibrationSum struct {
	last Calibration
	with int // results with a connection
}

func (s *calibrationSum) add(r *Result) {
	if r.Total > 0 {
		s.last = r.Calibration
		s.with++
	}
}

func (s *calibrationSum) result() Calibration {
	if s.with > 1 {
		return Calibration{}
	}
	return s.last
}

func (r *Result) checkCalibration() error {
	c := &r.Calibration
	switch {
	case slices.ContainsFunc([]string{c.Differs, c.Problem, c.TLS, c.Missing}, func(text string) bool { return !printableASCII(text, MaxCalibrationBytes) }):
		return fmt.Errorf("calibration: texts must be printable ASCII of at most %d characters", MaxCalibrationBytes)
	case !(c.PerSecond >= 0 && c.PerSecond <= maxPerSecond) || !(c.Share >= 0 && c.Share <= maxPerSecond):
		return fmt.Errorf("calibration: %v handshakes a second, share %v: must be 0 to %v", c.PerSecond, c.Share, float64(maxPerSecond))
	}
	return nil
}

// maxPerSecond bounds rates in result files.
const maxPerSecond = 1e12
