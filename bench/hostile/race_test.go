//go:build race

package main

// underRace relaxes the tests: the race detector is slow and needs memory.
const underRace = true
