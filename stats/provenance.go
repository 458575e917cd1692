package stats

import (
	"fmt"
	"reflect"
)

// Limits of the provenance of a result.
const (
	MaxFactBytes    = 256  // of a value
	MaxCommandBytes = 4096 // of the command line
	maxFacts        = 256  // of one kind, such as sysctls
	maxFactName     = 64   // bytes
)

// Provenance is with what and on which machine a run was made. It says what Setup does not:
// versions, loops and their CPUs are there. All texts are printable ASCII; an empty one is
// not known. Result.Check bounds them, because a file can hold any. In a merged result, what
// is not the same in all runs is empty, and a name with different values is missing.
type Provenance struct {
	Commit            string            `json:"commit,omitempty"`             // that the program was built from
	Command           string            `json:"command,omitempty"`            // command line, credentials masked
	Testee            string            `json:"testee,omitempty"`             // TesteeBuiltin, empty: that of Setup.URL
	System            string            `json:"system,omitempty"`             // name, release, version and machine (uname(2))
	CPUModel          string            `json:"cpu_model,omitempty"`          // from /proc/cpuinfo
	CPUs              int               `json:"cpus_online,omitzero"`         // number of CPUs of the machine
	AllowedCPUs       string            `json:"cpus_allowed,omitempty"`       // of the process, such as 0-3,6: affinity and cpuset
	Governor          string            `json:"governor,omitempty"`           // of the CPU frequency; several have commas between them
	ClockSource       string            `json:"clock_source,omitempty"`       // of the kernel, such as tsc
	MitigationsOption string            `json:"mitigations_option,omitempty"` // of the kernel's command line, such as off
	Mitigations       map[string]string `json:"mitigations,omitempty"`        // by vulnerability
	Sysctls           map[string]string `json:"sysctls,omitempty"`            // by name, such as net.core.somaxconn
}

// TesteeBuiltin is the testee that wsperf starts itself. Its port is another one each time.
const TesteeBuiltin = "built-in"

// Known reports whether there is any provenance. Older files have none.
func (p *Provenance) Known() bool { return !reflect.ValueOf(p).Elem().IsZero() }

func (r *Result) checkProvenance() error {
	p := &r.Provenance
	if !printableASCII(p.Command, MaxCommandBytes) {
		return fmt.Errorf("the command line of the provenance must be printable ASCII of at most %d characters", MaxCommandBytes)
	}
	for _, text := range []string{p.Commit, p.Testee, p.System, p.CPUModel, p.AllowedCPUs, p.Governor, p.ClockSource, p.MitigationsOption} {
		if !printableASCII(text, MaxFactBytes) {
			return fmt.Errorf("each text of the provenance must be printable ASCII of at most %d characters", MaxFactBytes)
		}
	}
	return firstError(checkFacts("mitigations", p.Mitigations), checkFacts("sysctls", p.Sysctls), checkDifferences(r.Differences))
}

func checkFacts(kind string, facts map[string]string) error {
	if n := len(facts); n > maxFacts {
		return fmt.Errorf("%d %s in the provenance, at most %d are allowed", n, kind, maxFacts)
	}
	for name, value := range facts {
		if name == "" || !printableASCII(name, maxFactName) || !printableASCII(value, MaxFactBytes) {
			return fmt.Errorf("%s of the provenance: names and values must be printable ASCII of at most %d and %d characters", kind, maxFactName, MaxFactBytes)
		}
	}
	return nil
}
