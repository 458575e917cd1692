package file

import (
	"time"

	"wsperf/stats"
)

// provenanceShape is the JSON form of the provenance. Started and Ended are the measured
// window for people, in UTC (RFC 3339); Read does not use them.
type provenanceShape struct {
	stats.Provenance
	Started     string             `json:"started,omitempty"`
	Ended       string             `json:"ended,omitempty"`
	Differences []stats.Difference `json:"differences,omitempty"`
}

func newProvenanceShape(r *stats.Result) provenanceShape {
	startedNs, lengthNs := window(r)
	return provenanceShape{
		Provenance: r.Provenance, Started: utc(startedNs), Ended: utc(startedNs + lengthNs), Differences: r.Differences,
	}
}

// utc writes a time in nanoseconds since the epoch, to the millisecond.
func utc(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z")
}
