package stats

import (
	"fmt"
	"slices"
)

// Omitted names what a merged result lacks because all of it would be too much for a result file.
// The values are in result files and stay as they are.
type Omitted string

// What a merged result can lack.
const (
	OmittedLoops    Omitted = "loops"    // more than MaxLoops
	OmittedKernel   Omitted = "kernel"   // more than MaxPlaces network namespaces
	OmittedMachines Omitted = "machine"  // more than MaxPlaces machines or MaxCPUs of their CPUs
	OmittedVerdicts Omitted = "verdicts" // more than MaxVerdictParts
	OmittedParts    Omitted = "parts"    // more than MaxParts
)

// MaxLoops bounds the loops of a result: MaxParts of 64 each.
const MaxLoops = MaxParts * 64

// maxOmitted leaves room for those of later versions.
const maxOmitted = 32

// omit notes that something is omitted, once.
func (r *Result) omit(what Omitted) {
	if at, found := slices.BinarySearch(r.Omitted, what); !found {
		r.Omitted = slices.Insert(r.Omitted, at, what)
	}
}

func (r *Result) checkOmitted() error {
	if n := len(r.Omitted); n > maxOmitted {
		return fmt.Errorf("%d kinds of evidence are omitted, at most %d are allowed", n, maxOmitted)
	}
	for i, o := range r.Omitted {
		if o == "" || !printableASCII(string(o), maxEventName) || i > 0 && r.Omitted[i-1] >= o {
			return fmt.Errorf("what is omitted must be ascending, and printable ASCII of at most %d characters", maxEventName)
		}
	}
	return nil
}
