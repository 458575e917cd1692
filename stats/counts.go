package stats

// Counts is every count of connections, once: a Recorder counts with it, and a Result
// holds the sum. A new count is a field here and the method of Recorder that counts it.
// Status codes are apart: a Result keeps only those that were seen.
type Counts struct {
	Total      uint64 // connections started
	Success    uint64 // opening handshake validated and closing handshake completed
	Fail       uint64
	Throttled  uint64 // times that in-flight reached the high watermark
	Resumed    uint64 // times that starting began, or began again below the low watermark
	Causes     [NumCauses]uint64
	Fin        FinResult
	Unmeasured UnmeasuredResult // also in Total, Success and Fail, but in no other count
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
