package report

import (
	"fmt"

	"wsperf/stats"
)

// ceiling compares the run with what the machine can do with the built-in testee.
func ceiling(r *stats.Result) Details {
	c := &r.Calibration
	if *c == (stats.Calibration{}) {
		return nil
	}
	return Details{{"Ceiling", ceilingText(c, r.Provenance.Testee)}}
}

func ceilingText(c *stats.Calibration, testee string) string {
	day, over, command := c.Measured.UTC().Format("2006-01-02"), "", "wsperf calibrate"
	if c.TLS != "" {
		over, command = " over "+Escaped(c.TLS), command+" --tls"
	}
	switch {
	case c.Problem != "":
		return "not known: " + Escaped(c.Problem)
	case c.Missing != "":
		return "not known: " + Escaped(c.Missing)
	case c.PerSecond == 0:
		return fmt.Sprintf("not known%s: changed since %s ran on %s: %s: run it again", over, command, day, Escaped(c.Differs))
	}
	text := fmt.Sprintf("%.0f %% of the %.0f handshakes/s that this machine can do with the built-in testee%s (%s, %s)", 100*c.Share, c.PerSecond, over, command, day)
	if c.Share > stats.HighShare && testee != stats.TesteeBuiltin {
		text += ": wsperf itself may be the bottleneck"
	}
	return text
}
