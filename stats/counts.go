package stats

// Counts holds every count of connections: a Recorder increments one, a Result holds
// their sum, and the JSON keys are those of the result file. A new count is a field here
// and a method of Recorder; it has omitzero, because older files lack it. Status codes are
// kept elsewhere, because a Result has only those that occurred.
type Counts struct {
	Throttled  uint64            `json:"handshake_throttle_count"` // times that starting stopped at the high watermark
	Resumed    uint64            `json:"handshake_resume_count"`   // times that starting began, or resumed below the low watermark
	Total      uint64            `json:"total"`                    // connections started
	Success    uint64            `json:"success"`                  // opening handshake validated and closing handshake completed
	Fail       uint64            `json:"fail"`
	Causes     [NumCauses]uint64 `json:"-"` // in the file by name
	Fin        FinResult         `json:"fin"`
	Unmeasured UnmeasuredResult  `json:"unmeasured,omitzero"` // included in Total, Success and Fail, in no other count
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

// UnmeasuredResult counts the connections read from the ancestor's files. These tell
// whether a connection failed, and its phases connect, open and close. They have no
// cause, no phase fin or total, and no client cost.
type UnmeasuredResult struct {
	Success uint64 `json:"success"`
	Fail    uint64 `json:"fail"`
}

// Total returns Success + Fail.
func (u UnmeasuredResult) Total() uint64 { return u.Success + u.Fail }

// count adds one connection that ended as f.
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
