//go:build race

package main

// underRace: the race detector makes all slower, and keeps memory of its own.
const underRace = true
