// Package host reads facts about this machine that a run depends on: allowed CPUs,
// local ports, kernel settings, CPU model, memory and its limits, listening sockets, connections in
// TIME_WAIT. It finds the processes that have a socket open, and reads what processes use while
// they run. It sets the CPU affinity and the names of threads, and raises the descriptor
// limit.
//
// A fact that cannot be read is reported as Unknown, nil or zero, as each function says:
// it costs a run a warning, but never makes it fail.
package host
