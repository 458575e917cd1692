package main

import (
	"slices"

	"wsperf/stats"
)

// behaviour is a row of the table: what the testee does, and the cause that
// wsperf must report.
type behaviour struct {
	name   string        // with onPath, the path is "/" + name
	does   string        // one line, for README.md
	causes []stats.Cause // each connection gets one of these; several if timing decides
	bound  bound
	place  place
	do     func(*peer) // nil where no connection is accepted
	tls    *tlsClient  // how wsperf connects with wss://; nil: with ws://
}

// place says which address has the behaviour.
type place uint8

const (
	onPath     place = iota // the common port: the path of the request selects it
	onAccept                // a port of its own: it begins before the request
	noListener              // a port without a listener
	fullQueue               // a port whose listener has a full accept queue
)

// bound is the limit that ends a connection.
type bound uint8

const (
	atOnce bound = iota
	connectTimeout
	secureTimeout
	openTimeout
	closeTimeout
	headBytes  // handshake.DefaultMaxBytes
	headLines  // handshake.DefaultMaxHeaders
	frameBytes // handshake.MaxSkippedBytes; a frame counts as at least 64 bytes
)

var boundTexts = [...]string{
	atOnce:         "at once",
	connectTimeout: "connect timeout",
	secureTimeout:  "secure timeout",
	openTimeout:    "open timeout",
	closeTimeout:   "close timeout",
	headBytes:      "16 KiB of head",
	headLines:      "128 header lines",
	frameBytes:     "1 MiB or 16384 frames",
}

func (b bound) String() string { return boundTexts[b] }

// one returns the list of a single cause.
func one(c stats.Cause) []stats.Cause { return []stats.Cause{c} }

// table returns all behaviours of ws:// in the order of README.md.
func table() []behaviour {
	return slices.Concat(
		allowedHeads(), allowedFrames(), allowedCloses(), urgent(),
		beforeRequest(), endings(), drips(),
		otherStatuses(), otherProtocols(), badSyntax(), badHeaders(), endlessHeads(),
		badFrames(), badCloses(), endlessFrames(),
	)
}

// securedTable returns all behaviours of wss:// in the order of README.md.
func securedTable() []behaviour {
	return slices.Concat(
		allowedTLS(), resumptions(), tlsEndings(), notifications(), tlsDrips(),
		noTLS(), badRecords(), badHellos(), badFlights(), certificates(), versions(),
		alerts(), updates(), afterTLS12(),
	)
}
