package stats

import (
	"math"
	"strings"
	"testing"
)

func TestMergeCalibrations(t *testing.T) {
	with, without := newResult(), newResult()
	with.Total, with.Calibration = 1, Calibration{PerSecond: 5}
	var s calibrationSum
	s.add(with)
	s.add(without)
	if got := s.result(); got.PerSecond != 5 {
		t.Errorf("beside a result without a connection: %+v", got)
	}
	s.add(with)
	if got := s.result(); got != (Calibration{}) {
		t.Errorf("of two runs: %+v", got)
	}
}

func TestCheckCalibration(t *testing.T) {
	for _, c := range []Calibration{
		{Differs: "\x1b"}, {TLS: "\x1b"}, {Missing: "\n"}, {Problem: strings.Repeat("x", MaxCalibrationBytes+1)}, {PerSecond: -1}, {Share: math.NaN()}, {PerSecond: math.Inf(1)},
	} {
		r := newResult()
		r.Calibration = c
		if r.checkCalibration() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
