package stats

// Counts is every count of connections, once: a Recorder counts with it, a Result holds
// the sum, and its JSON keys are those of the result file. A new count is a field here
// and the method of Recorder that counts it; with omitzero, because the files of before
// lack it. Status codes are apart: a Result keeps only those that were seen.
type Counts struct {
	Throttled  uint64            `json:"handshake_throttle_count"` // times that in-flight reached the high watermark
	Resumed    uint64            `json:"handshake_resume_count"`   // times that starting began, or began again below the low watermark
	Total      uint64            `json:"total"`                    // connections started
	Success    uint64            `json:"success"`                  // opening handshake validated and closing handshake completed
	Fail       uint64            `json:"fail"`
	Causes     [NumCauses]uint64 `json:"-"` // in the file by name
	Fin        FinResult         `json:"fin"`
	Unmeasured UnmeasuredResult  `json:"unmeasured,omitzero"` // also in Total, Success and Fail, but in no other count
}

// Add adds each count of o.
func (c *Counts) Add(o *Counts) { merge(c, o, mergeSum) }

// FinResult counts how connections ended after a complete closing handshake.
// None of these is a failure.
type FinResult struct {
	Received uint64 `json:"received"` // the testee's FIN came (RFC 6455 section 7.1.1)
	Reset    uint64 `json:"reset"`    // an RST came instead
	Timeout  uint64 `json:"timeout"`  // neither within the close timeout: wsperf closed
}

// UnmeasuredResult counts the connections of which only connect, open and close
// are known, and whether they failed: the ancestor's files name no cause, and
// have neither phase fin nor total, nor what the client cost.
type UnmeasuredResult struct {
	Success uint64 `json:"success"`
	Fail    uint64 `json:"fail"`
}

// Total returns the number of these connections.
func (u UnmeasuredResult) Total() uint64 { return u.Success + u.Fail }

// count counts one connection's end.
func (r *FinResult) count(f Fin) {
	switch f {
	case FinReceived:
		r.Received++
	case FinReset:
		r.Reset++
	case FinTimeout:
		r.Timeout++
	}
}
