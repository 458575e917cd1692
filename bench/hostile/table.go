package main

import (
	"slices"

	"wsperf/stats"
)

// behaviour is a row of the table: what the testee does, and what a client
// must make of it.
type behaviour struct {
	name   string        // its path is "/" + name, where it has one
	does   string        // one line, for README.md
	causes []stats.Cause // each connection gets one of these; more than one where timing decides
	bound  bound
	place  place
	do     func(*peer) // nil where nobody accepts
}

// place is where a behaviour is to be found.
type place uint8

const (
	onPath        place = iota // on the port of all: the path of the request names it
	onAccept                   // on a port of its own: it begins before the request
	nobodyListens              // on a port without a listener
	nobodyAccepts              // on a port whose listener is full
)

// bound is what ends a connection, at the latest.
type bound uint8

const (
	atOnce bound = iota
	connectTimeout
	openTimeout
	closeTimeout
	headBytes  // handshake.DefaultMaxBytes
	headLines  // handshake.DefaultMaxHeaders
	frameBytes // handshake.MaxSkippedBytes, where a frame counts as 64 bytes at least
)

var boundTexts = [...]string{
	atOnce:         "at once",
	connectTimeout: "connect timeout",
	openTimeout:    "open timeout",
	closeTimeout:   "close timeout",
	headBytes:      "16 KiB of head",
	headLines:      "128 header lines",
	frameBytes:     "1 MiB or 16384 frames",
}

func (b bound) String() string { return boundTexts[b] }

// one is the list of a single cause.
func one(c stats.Cause) []stats.Cause { return []stats.Cause{c} }

// table returns all behaviours. Their order is that of README.md.
func table() []behaviour {
	return slices.Concat(
		allowedHeads(), allowedFrames(), allowedCloses(),
		beginnings(), endings(), drips(),
		refusals(), strangers(), badSyntax(), badHeaders(), endlessHeads(),
		badFrames(), badCloses(), endlessFrames(),
	)
}
