package calibration

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// Compare compares a result with the entry that fits: of those with the same facts the one with the
// highest rate, so that an open loop is compared with what the machine can do at best. Without one it
// says what has changed since the latest, or what to calibrate.
func Compare(all []Entry, r *stats.Result) stats.Calibration {
	secured, why := tlsOf(r)
	similar := fitting(all, r)
	alike := over(secured, similar)
	switch {
	case len(similar) == 0:
		return stats.Calibration{}
	case why != "":
		return stats.Calibration{Missing: why}
	case len(alike) == 0:
		return stats.Calibration{TLS: secured.String(), Missing: missing(secured, r)}
	}
	c := compared(alike, r)
	c.TLS = secured.String()
	return c
}

// fitting returns the entries that fit a result's load, whatever they are over.
func fitting(all []Entry, r *stats.Result) (some []Entry) {
	shape := ShapeOf(r)
	for _, e := range all {
		if e.Shape.fits(shape) {
			some = append(some, e)
		}
	}
	return some
}

// over returns the entries over the same TLS.
func over(secured TLS, all []Entry) (some []Entry) {
	for _, e := range all {
		if e.Shape.TLS == secured {
			some = append(some, e)
		}
	}
	return some
}

// missing says what to calibrate where only other kinds of handshakes were.
func missing(secured TLS, r *stats.Result) string {
	if secured == (TLS{}) {
		return "with these loops, CPUs and watermarks, wsperf calibrate has measured wss:// only: run it without --tls"
	}
	return fmt.Sprintf("with these loops, CPUs and watermarks, wsperf calibrate has not measured %v: run it with %s", secured, secured.options(r.Setup.TLS.Groups))
}

// compared compares a result with entries of its shape, of which there is at least one.
func compared(alike []Entry, r *stats.Result) stats.Calibration {
	facts := FactsOf(r)
	var best *Entry
	latest := &alike[0]
	for i := range alike {
		e := &alike[i]
		if e.Facts == facts && (best == nil || e.PerSecond > best.PerSecond) {
			best = e
		}
		if e.Measured.After(latest.Measured) {
			latest = e
		}
	}
	if best == nil {
		return stats.Calibration{Measured: latest.Measured.UTC(), Differs: strings.Join(latest.Facts.differences(facts), ", ")}
	}
	return stats.Calibration{PerSecond: best.PerSecond, Share: perSecond(r) / best.PerSecond, Measured: best.Measured.UTC()}
}
