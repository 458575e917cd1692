package report

import (
	"fmt"

	"wsperf/stats"
)

// maxPartsShown bounds the verdicts of the runs that are listed in a merged result.
const maxPartsShown = 8

// verdict says what bounded the run, before any latency.
func verdict(r *stats.Result) (s Section) {
	v := &r.Verdict
	if !v.Known() {
		return s
	}
	d := Details{{"Reason", Escaped(v.Reason)}}
	for _, text := range v.Evidence {
		d = append(d, Detail{"", Escaped(text)})
	}
	return Section{Title: "Bottleneck: " + Escaped(string(v.Kind)), Parts: []Part{append(d, verdictParts(r)...)}}
}

// verdictParts lists the verdicts of the runs of a merged result. Parts of one run have their numbers;
// those of several runs have the same ones.
func verdictParts(r *stats.Result) (d Details) {
	_, oneRun := r.Spread()
	for i, v := range r.Verdict.Parts {
		if i == maxPartsShown {
			return append(d, Detail{"", fmt.Sprintf("and %d more runs", len(r.Verdict.Parts)-i)})
		}
		name := fmt.Sprintf("Run %d", i+1)
		if oneRun && v.Part != nil {
			name = fmt.Sprintf("Part %d", *v.Part)
		}
		d = append(d, Detail{name, Escaped(string(v.Kind)) + ": " + Escaped(v.Reason)})
	}
	return d
}
