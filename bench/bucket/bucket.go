package main

import "time"

// bucket is a token bucket: it fills at a rate, and an answer takes a token.
type bucket struct {
	rate   float64 // tokens per second
	depth  float64 // most tokens that are kept while nobody takes them
	tokens float64
}

// pass fills the bucket by the time since the last call. That time's tokens are on top of the
// depth: nobody could have taken them meanwhile. If the process did not run for a while, its
// clients have waited, and no capacity is lost.
func (b *bucket) pass(d time.Duration) {
	b.tokens = min(b.tokens, b.depth) + b.rate*d.Seconds()
}

// take takes a token, if there is one.
func (b *bucket) take() bool {
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
