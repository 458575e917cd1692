package engine

import "wsperf/handshake"

// testee is what a loop knows of one testee.
type testee struct {
	addr    *endpoint
	request *handshake.Request // this loop's own copy
	rules   *handshake.Rules
	memo    handshake.Memo // of the last valid response
	sources sources

	early      trial // write the request right after connect(2)
	keep       trial // keep the socket for the next connection
	notify     restraint
	timestamps bool // TCP timestamps have been seen on a connection
}

// to returns the testee of a slot's connection. Today a loop has a single one.
func (l *loop) to(*slot) *testee { return &l.testee }

// maxMisses is how often in a row a shortcut may fail before it is left alone for a while.
const maxMisses = 4

// trialRest is for how many connections a shortcut is left alone before it is tried once
// more. A miss costs a system call or two of the nine of a connection, so where a shortcut
// never works, trying it costs less than half a percent.
const trialRest = 64

// trial is a shortcut that works on some networks, mostly loopback. It rests after some
// misses, and is tried again: a burst of them, as from a full listen backlog, must change
// neither what the rest of a run costs, nor where its phase connect ends.
type trial struct {
	misses int32 // in a row
	rest   int32 // connections left until it is tried again
	barred bool  // it must not be used for this testee
	uses   uint64
}

// due reports whether a connection is to try the shortcut, which must be asked once for each.
func (t *trial) due() bool {
	switch {
	case t.barred:
		return false
	case t.rest > 0:
		t.rest--
		return false
	}
	return true
}

func (t *trial) worked() {
	t.misses = 0
	t.uses++
}

func (t *trial) missed() {
	t.misses++
	if t.misses >= maxMisses {
		t.rest = trialRest
	}
}

// bar rules the shortcut out for the rest of the run.
func (t *trial) bar() { t.barred = true }
