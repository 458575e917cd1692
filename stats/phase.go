package stats

// Phase is one measured stretch of a connection's life. The words are those of
// the report and of the result file.
type Phase uint8

// The phases in the order in which a connection goes through them.
const (
	PhaseConnect Phase = iota // start of the attempt, before socket(2) -> TCP established
	PhaseOpen                 // request written -> 101 response validated (RFC 6455 section 4)
	PhaseClose                // close frame sent -> close frame received (RFC 6455 section 7.1.2)
	PhaseFin                  // close frame received -> the testee's FIN (RFC 6455 section 7.1.1)
	PhaseTotal                // intended start -> end of the connection

	NumPhases = 5
)

// phaseRow is what the checks, the codec and the report know of a phase.
type phaseRow struct {
	key   string // in the result file and the report
	every bool   // every success has it
}

// phaseRows is the table of phases. A new phase is a row. A result file that is older
// than a phase lacks its key, which reads as an empty phase: every can be set only for
// a phase that files of every form have.
var phaseRows = [NumPhases]phaseRow{
	PhaseConnect: {key: "connect", every: true},
	PhaseOpen:    {key: "open", every: true},
	PhaseClose:   {key: "close", every: true},
	PhaseFin:     {key: "fin"}, // as many as FINs were received
	PhaseTotal:   {key: "total", every: true},
}

// String returns the phase's key in the result file.
func (p Phase) String() string {
	if int(p) < len(phaseRows) {
		return phaseRows[p].key
	}
	return "unknown"
}

// Phases is a set of phases.
type Phases uint8

// Has tells whether p is in the set.
func (s Phases) Has(p Phase) bool { return s&(1<<p) != 0 }

// With returns the set with p added.
func (s Phases) With(p Phase) Phases { return s | 1<<p }
