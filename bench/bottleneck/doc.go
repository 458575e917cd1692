// Package bottleneck proves that the verdict of a run is right. Its test makes situations in
// which what bounds the run is known by construction, runs wsperf in them, and compares.
package bottleneck
