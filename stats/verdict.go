package stats

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Bounds of a verdict's texts, and of its parts.
const (
	MaxEvidence      = 3 // lines
	MaxVerdictBytes  = 300
	MaxVerdictParts  = MaxParts
	maxReasons       = 1 << 10 // parts after these have only their kind: all reasons would be too long for a result file
	maxBottleneckKey = 32
)

// Verdict says what bounded a run: "verdict" in the result file. Package verdict finds it. The
// zero value means that it is not known, as in older files.
type Verdict struct {
	Kind     Bottleneck `json:"kind"`
	Reason   string     `json:"reason"`          // a sentence without its full stop, of printable ASCII
	Evidence []string   `json:"evidence"`        // up to MaxEvidence lines of printable ASCII
	Parts    []Verdict  `json:"parts,omitempty"` // of a merged result: those of its runs, without parts of their own
	Part     *int       `json:"part,omitempty"`  // of one of Parts: the number of its part, if its run was one
}

// Bottleneck is what bounded a run. The values are in result files and stay as they are.
type Bottleneck string

// The bottlenecks.
const (
	BottleneckClient    Bottleneck = "client"    // wsperf: a loop was busy all the time, or waited for a CPU
	BottleneckQuota     Bottleneck = "quota"     // the CPU quota of wsperf's cgroup
	BottleneckShared    Bottleneck = "shared"    // CPUs that wsperf and the testee compete for
	BottleneckKernel    Bottleneck = "kernel"    // a limit of the kernel's: accept queue, SYNs, ports, conntrack, softirqs
	BottleneckTestee    Bottleneck = "testee"    // the testee used up a thread, or the CPUs that it may use
	BottleneckWatermark Bottleneck = "watermark" // nobody was busy: the high watermark, by Little's law
	BottleneckRemote    Bottleneck = "remote"    // the testee or the network, which cannot be told from here
	BottleneckUnclear   Bottleneck = "unclear"   // what is known does not tell
	BottleneckRate      Bottleneck = "rate"      // nothing: the rate of an open loop was kept
)

// bottlenecks is ordered: a whole of several runs has the first that one of them has. What makes a
// run invalid comes first, because its numbers are in those of the whole.
var bottlenecks = []Bottleneck{
	BottleneckClient, BottleneckQuota, BottleneckShared, BottleneckKernel, BottleneckTestee, BottleneckWatermark, BottleneckRemote,
	BottleneckUnclear, BottleneckRate,
}

// Known reports whether there is a verdict.
func (v *Verdict) Known() bool { return v.Kind != "" }

// Valid reports whether the run says something about the testee: a limit of the client's does
// not.
func (v *Verdict) Valid() bool {
	switch v.Kind {
	case "", BottleneckClient, BottleneckQuota, BottleneckShared:
		return false
	}
	return true
}

// rank returns the place in the order of bottlenecks. Those of later versions come last.
func (v *Verdict) rank() int {
	if at := slices.Index(bottlenecks, v.Kind); at >= 0 {
		return at
	}
	return len(bottlenecks)
}

// verdictSum has the verdicts of results.
type verdictSum struct {
	parts   []Verdict
	unknown bool // that of a result with a connection
}

func (s *verdictSum) add(r *Result) {
	switch {
	case len(r.Verdict.Parts) > 0:
		s.parts = append(s.parts, r.Verdict.Parts...)
	case r.Verdict.Known():
		s.parts = append(s.parts, verdictOfPart(r))
	case r.Total > 0:
		s.unknown = true
	}
}

// verdictOfPart returns the verdict of a run, with the number of the part that it was.
func verdictOfPart(r *Result) Verdict {
	v := r.Verdict
	if len(r.Parts) == 1 {
		v.Part = &r.Parts[0].Number
	}
	return v
}

// result returns the verdict of the whole: the first in the order of bottlenecks. It is not known
// unless those of all results with a connection are. What is too much for a result file is noted
// in res.
func (s *verdictSum) result(res *Result) (whole Verdict) {
	switch {
	case s.unknown || len(s.parts) == 0:
		return Verdict{}
	case len(s.parts) == 1:
		whole = s.parts[0]
		whole.Part = nil
		return whole
	}
	slices.SortStableFunc(s.parts, compareVerdictPart)
	worst := slices.MinFunc(s.parts, func(a, b Verdict) int { return a.rank() - b.rank() })
	same := 0
	for i := range s.parts {
		if s.parts[i].Kind == worst.Kind {
			same++
		}
	}
	whole = Verdict{Kind: worst.Kind, Reason: fmt.Sprintf("%d of %d runs say so", same, len(s.parts)), Evidence: []string{}, Parts: s.parts}
	if len(s.parts) > MaxVerdictParts {
		whole.Parts = nil
		res.omit(OmittedVerdicts)
	}
	for i := maxReasons; i < len(whole.Parts); i++ {
		whole.Parts[i] = Verdict{Kind: s.parts[i].Kind, Part: s.parts[i].Part, Evidence: []string{}}
	}
	return whole
}

// compareVerdictPart orders verdicts by their parts' numbers. Those of other runs come last.
func compareVerdictPart(a, b Verdict) int {
	number := func(v Verdict) int {
		if v.Part == nil {
			return MaxParts
		}
		return *v.Part
	}
	return cmp.Compare(number(a), number(b))
}

func (r *Result) checkVerdict() error {
	if n := len(r.Verdict.Parts); n > MaxVerdictParts {
		return fmt.Errorf("verdict: %d parts, at most %d are allowed", n, MaxVerdictParts)
	}
	if err := r.Verdict.check(); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	if r.Verdict.Part != nil {
		return errors.New("verdict: a part is named outside of parts")
	}
	for i, v := range r.Verdict.Parts {
		if err := v.check(); err != nil {
			return fmt.Errorf("verdict: part %d: %w", i, err)
		}
		if len(v.Parts) > 0 {
			return fmt.Errorf("verdict: part %d has parts of its own", i)
		}
	}
	return nil
}

func (v *Verdict) check() error {
	if len(v.Evidence) > MaxEvidence {
		return fmt.Errorf("%d lines of evidence, at most %d are allowed", len(v.Evidence), MaxEvidence)
	}
	if v.Part != nil && (*v.Part < 0 || *v.Part >= MaxParts) {
		return fmt.Errorf("part %d: must be 0 to %d", *v.Part, MaxParts-1)
	}
	if !printableASCII(string(v.Kind), maxBottleneckKey) {
		return fmt.Errorf("kind must be printable ASCII of at most %d characters", maxBottleneckKey)
	}
	for _, text := range append([]string{v.Reason}, v.Evidence...) {
		if !printableASCII(text, MaxVerdictBytes) {
			return fmt.Errorf("reason and evidence must be printable ASCII of at most %d characters", MaxVerdictBytes)
		}
	}
	return nil
}
