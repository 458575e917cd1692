package stats

// Phase is a measured interval of a connection's life. Its String is its name in the
// report and its key in the result file.
type Phase uint8

// The phases in the order in which a connection goes through them, and then those that
// contain others or come before them: total is late + connect + secure + open + close + fin unless
// the start was deferred, and ready is late + connect + secure + open.
const (
	PhaseConnect Phase = iota // start of the attempt, before socket(2) -> TCP established
	PhaseOpen                 // request written -> 101 response validated (RFC 6455 section 4)
	PhaseClose                // close frame sent -> close frame received (RFC 6455 section 7.1.2)
	PhaseFin                  // close frame received -> the testee's FIN (RFC 6455 section 7.1.1)
	PhaseTotal                // intended start -> end of the connection
	PhaseReady                // intended start -> 101 response validated: what a user of the testee waits for
	PhaseLate                 // intended start -> start of the attempt, in an open loop: the client's own delay
	PhaseLag                  // 101 response at this machine -> read by its loop: the client's own delay of an answer, of the connections that have a stamp of the kernel

	// After connect, of a wss:// URL. A connection has one of the two. Reports have them in PhaseOrder.
	PhaseSecure        // TCP established -> full TLS handshake complete
	PhaseSecureResumed // TCP established -> resumed TLS handshake complete (RFC 8446 section 2.2, RFC 5246 section 7.3)

	NumPhases = 10
)

// PhaseOrder returns all phases in the order of reports.
func PhaseOrder() [NumPhases]Phase {
	return [...]Phase{PhaseConnect, PhaseSecure, PhaseSecureResumed, PhaseOpen, PhaseClose, PhaseFin, PhaseTotal, PhaseReady, PhaseLate, PhaseLag}
}

// phaseRow describes a phase.
type phaseRow struct {
	key   string // in the result file and the report
	every bool   // every success has a value; an unmeasured one need not have total
	apart bool   // in the result file beside the phases, and not among them
	tls   bool   // only in the result file of a run that used TLS
}

// phaseRows is the table of phases. A new phase is a row. A result file that is older
// than a phase lacks its key and reads as an empty phase, so every can be set only for
// phases that all wsperf/1 files have.
var phaseRows = [NumPhases]phaseRow{
	PhaseConnect: {key: "connect", every: true},
	PhaseOpen:    {key: "open", every: true},
	PhaseClose:   {key: "close", every: true},
	PhaseFin:     {key: "fin"}, // only successes whose FIN was received: checkFin
	PhaseTotal:   {key: "total", every: true},
	PhaseReady:   {key: "ready"},
	PhaseLate:    {key: "late", apart: true},
	PhaseLag:     {key: "lag", apart: true},

	PhaseSecure:        {key: "secure", tls: true},
	PhaseSecureResumed: {key: "secure_resumed", tls: true},
}

// OfTLS reports whether only connections with TLS have the phase.
func (p Phase) OfTLS() bool { return phaseRows[p].tls }

// Apart reports whether the phase has a key of its own in the result file, beside "phases".
func (p Phase) Apart() bool { return phaseRows[p].apart }

// String returns the phase's key in the result file, and "unknown" for a value out of
// range.
func (p Phase) String() string {
	if int(p) < len(phaseRows) {
		return phaseRows[p].key
	}
	return "unknown"
}

// Phases is a set of phases.
type Phases uint16

// Has reports whether p is in the set.
func (s Phases) Has(p Phase) bool { return s&(1<<p) != 0 }

// With returns the set with p added.
func (s Phases) With(p Phase) Phases { return s | 1<<p }
