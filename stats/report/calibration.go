package report

import (
	"fmt"

	"wsperf/stats"
)

// ceiling compares the run with what the machine can do with the built-in testee.
func ceiling(r *stats.Result) Details {
	c := &r.Calibration
	day := c.Measured.UTC().Format("2006-01-02")
	switch {
	case *c == (stats.Calibration{}) || r.UsesTLS(): // calibrations are of ws://
		return nil
	case c.Problem != "":
		return Details{{"Ceiling", "not known: " + Escaped(c.Problem)}}
	case c.PerSecond == 0:
		return Details{{"Ceiling", fmt.Sprintf("not known: changed since wsperf calibrate ran on %s: %s: run it again", day, Escaped(c.Differs))}}
	}
	text := fmt.Sprintf("%.0f %% of the %.0f handshakes/s that this machine can do with the built-in testee (wsperf calibrate, %s)", 100*c.Share, c.PerSecond, day)
	if c.Share > stats.HighShare && r.Provenance.Testee != stats.TesteeBuiltin {
		text += ": wsperf itself may be the bottleneck"
	}
	return Details{{"Ceiling", text}}
}
