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
	timestamps bool  // TCP timestamps have been seen on a connection
}

// to returns the testee of a slot's connection. Today a loop has a single one.
func (l *loop) to(*slot) *testee { return &l.testee }

// maxMisses is how often in a row a shortcut may fail before a loop gives it up.
const maxMisses = 4

// trial is a shortcut that works on some networks, mostly loopback, and that a loop
// gives up where it does not.
type trial struct{ misses int32 }

func (t *trial) on() bool { return t.misses < maxMisses }
func (t *trial) missed()  { t.misses++ }
func (t *trial) worked()  { t.misses = 0 }
func (t *trial) giveUp()  { t.misses = maxMisses }
