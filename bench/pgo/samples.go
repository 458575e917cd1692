package main

import (
	"fmt"

	"github.com/google/pprof/profile"
)

// leastSamples are those of half a minute on one CPU at package pprof's 100 a second, as in
// the example of go.dev/doc/pgo. With far fewer, the functions that look hot are so by
// chance.
const leastSamples = 3000

// check refuses a profile that is damaged, or has too few samples to be of use.
func check(recorded []byte) error {
	n, err := samples(recorded)
	if err != nil {
		return fmt.Errorf("the profile is damaged: %w", err)
	}
	if n < leastSamples {
		return fmt.Errorf("the profile has %d samples, must have %d or more: raise -handshakes", n, leastSamples)
	}
	return nil
}

// samples returns the number of samples in a CPU profile: the first value of each stack is
// how many samples had it (runtime/pprof).
func samples(recorded []byte) (sum int64, err error) {
	p, err := profile.ParseData(recorded)
	if err != nil {
		return 0, err
	}
	for _, stack := range p.Sample {
		sum += stack.Value[0] // there is one: ParseData checks the number of values
	}
	return sum, nil
}
