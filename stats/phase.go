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

var phaseNames = [NumPhases]string{"connect", "open", "close", "fin", "total"}

// String returns the phase's key in the result file.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Phases is a set of phases.
type Phases uint8

// Has tells whether p is in the set.
func (s Phases) Has(p Phase) bool { return s&(1<<p) != 0 }

// With returns the set with p added.
func (s Phases) With(p Phase) Phases { return s | 1<<p }
